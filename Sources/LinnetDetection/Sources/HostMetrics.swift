// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain

/// Watches the machine it runs on, through /proc: CPU, load, memory, disks, network.
///
/// Counters become rates. A counter that goes backwards (it wrapped, or its device was made anew) gives no rate for that
/// step rather than a wild one; disks and interfaces may come and go.
public struct HostMetrics: DataSource {
    /// All that can be watched.
    public static let allChannels = [
        Channel(name: "cpu_user", unit: "%"), Channel(name: "cpu_system", unit: "%"),
        Channel(name: "cpu_wait", unit: "%"), Channel(name: "load_1", unit: ""),
        Channel(name: "processes_running", unit: ""), Channel(name: "memory_used", unit: "%"),
        Channel(name: "swap_used", unit: "%"), Channel(name: "disk_read", unit: "MiB/s"),
        Channel(name: "disk_write", unit: "MiB/s"), Channel(name: "network_receive", unit: "MiB/s"),
        Channel(name: "network_send", unit: "MiB/s"),
    ]

    public let intervalMilliseconds: Int
    public let channels: [Channel]

    /// Where each channel stands among all.
    private let positions: [Int]
    private let root: String
    private let clock: WallClock
    private let pacer: Pacer
    private var previous: HostReading?
    private var nextTime: Timestamp?

    /// - Parameters:
    ///   - ignoredChannels: names of channels that are not watched, such as slow averages in a run of minutes.
    ///   - root: where /proc is; a folder of fixtures in tests.
    /// - Throws: ``DetectionError/source(_:)`` if there is no `stat` below it.
    public init(
        intervalMilliseconds: Int, ignoredChannels: [String] = [], root: String = "/proc",
        clock: WallClock = .system, pacer: Pacer
    ) throws(DetectionError) {
        guard FileManager.default.isReadableFile(atPath: root + "/stat") else {
            throw .source("\(root)/stat can not be read; host metrics need Linux's /proc")
        }
        positions = Self.allChannels.indices.filter { !ignoredChannels.contains(Self.allChannels[$0].name) }
        channels = positions.map { Self.allChannels[$0] }
        self.intervalMilliseconds = max(1, intervalMilliseconds)
        self.root = root
        self.clock = clock
        self.pacer = pacer
    }

    /// Takes the counters that the first rates are reckoned from; ``next()`` does it by itself where this was not called.
    package mutating func readBaseline() {
        let now = clock.now()
        previous = HostReading(root: root, at: now)
        nextTime = now.adding(milliseconds: Int64(intervalMilliseconds))
    }

    public mutating func next() async throws -> Sample? {
        while true {
            let due = nextTime ?? clock.now()
            try await pacer.wait(until: due)
            let now = clock.now()
            // After a pause of the host there is nothing to catch up with: go on from now.
            let planned = due.adding(milliseconds: Int64(intervalMilliseconds))
            nextTime = max(planned, pacer.now == nil ? planned : now)
            let reading = HostReading(root: root, at: pacer.now == nil ? due : now)
            defer { previous = reading }
            // Rates need two readings.
            if let previous {
                let values = reading.values(since: previous)
                return Sample(time: reading.time, values: positions.map { values[$0] })
            }
        }
    }
}
