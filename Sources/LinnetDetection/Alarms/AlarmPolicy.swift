// SPDX-License-Identifier: Apache-2.0

/// How many windows make an alarm, and how many end it.
public struct AlarmPolicy: Sendable, Codable, Hashable {
    /// Anomalous windows in a row that raise an alarm.
    public var raiseAfter: Int
    /// Calm windows in a row that clear it.
    public var clearAfter: Int
    /// A window is calm if its score is at most this share of the threshold, above 0 and at most 1.
    public var clearRatio: Double

    public init(raiseAfter: Int = 3, clearAfter: Int = 12, clearRatio: Double = 0.8) {
        self.raiseAfter = raiseAfter
        self.clearAfter = clearAfter
        self.clearRatio = clearRatio
    }
}
