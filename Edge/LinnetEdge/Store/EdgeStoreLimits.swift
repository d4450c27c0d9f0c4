// SPDX-License-Identifier: Apache-2.0

/// How much the agent's database may hold.
public struct EdgeStoreLimits: Sendable, Equatable {
    /// Most events that wait for the coordinator.
    public var maximumEvents: Int
    /// Most normal windows that are kept of a device.
    public var storedWindows: Int
    /// Most ended alarms that the ledger remembers.
    public var maximumAlarms: Int
    /// Most steps of models that the history remembers.
    public var maximumHistory: Int
    /// SQLite's page cache, in KiB.
    public var cacheKiB: Int
    /// Most pages of the file, 4 KiB each; `nil` leaves it to the disk. Tests fill it up.
    public var maximumPages: Int?

    public init(
        maximumEvents: Int = 10_000, storedWindows: Int = 20_000, maximumAlarms: Int = 100_000,
        maximumHistory: Int = 2000, cacheKiB: Int = 512, maximumPages: Int? = nil
    ) {
        self.maximumEvents = maximumEvents
        self.storedWindows = storedWindows
        self.maximumAlarms = maximumAlarms
        self.maximumHistory = maximumHistory
        self.cacheKiB = cacheKiB
        self.maximumPages = maximumPages
    }
}
