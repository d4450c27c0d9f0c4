// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain

/// The counters of /proc at one moment. What can not be read is absent, never wrong.
struct HostReading: Sendable {
    let time: Timestamp
    /// Clock ticks by kind, summed over processors: user and nice, system and interrupts, waiting for disks, all.
    private var user, system, wait, total: UInt64?
    private var running: Double?
    private var load: Double?
    private var memoryUsed, swapUsed: Double?
    /// Bytes since start, a device: read and written, received and sent.
    private var disks: [String: (UInt64, UInt64)] = [:]
    private var interfaces: [String: (UInt64, UInt64)] = [:]

    /// Bytes of a sector in /proc/diskstats, whatever the disk's own are.
    private static let sectorBytes: UInt64 = 512
    /// Most bytes read of one file.
    private static let maximumBytes = 1_048_576

    init(root: String, at time: Timestamp) {
        self.time = time
        readStat(Self.lines(root + "/stat"))
        readMemory(Self.lines(root + "/meminfo"))
        readDisks(Self.lines(root + "/diskstats"))
        readInterfaces(Self.lines(root + "/net/dev"))
        load = Self.lines(root + "/loadavg").first?.first.flatMap { Double($0) }
    }

    private static func lines(_ path: String) -> [[Substring]] {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }  // absent is absent
        return text.prefix(maximumBytes).split(whereSeparator: \.isNewline).map { line in
            line.split(whereSeparator: { $0 == " " || $0 == "\t" })
        }
    }

    private mutating func readStat(_ lines: [[Substring]]) {
        for line in lines {
            if line.first == "cpu" {
                let ticks = line.dropFirst().prefix(8).compactMap { UInt64($0) }
                guard ticks.count >= 5 else { continue }
                user = ticks[0] &+ ticks[1]
                system = ticks[2] &+ ticks.dropFirst(5).reduce(0, &+)
                wait = ticks[4]
                total = ticks.reduce(0, &+)
            } else if line.first == "procs_running", line.count > 1 {
                running = Double(line[1])
            }
        }
    }

    private mutating func readMemory(_ lines: [[Substring]]) {
        var kilobytes: [Substring: Double] = [:]
        for line in lines where line.count >= 2 { kilobytes[line[0]] = Double(line[1]) }
        func used(_ total: Substring, _ free: Substring) -> Double? {
            guard let all = kilobytes[total], let free = kilobytes[free], all.isFinite, free.isFinite else {
                return nil
            }
            return all > 0 ? 100 * (all - free) / all : 0
        }
        memoryUsed = used("MemTotal:", "MemAvailable:")
        swapUsed = used("SwapTotal:", "SwapFree:")
    }

    /// Whole disks only: partitions, loop devices and mapped devices would count the same bytes again.
    private mutating func readDisks(_ lines: [[Substring]]) {
        for line in lines where line.count >= 10 {
            let name = line[2]
            guard !["loop", "ram", "dm-", "zram", "md", "sr"].contains(where: name.hasPrefix), !Self.isPartition(name),
                let read = UInt64(line[5]), let written = UInt64(line[9])
            else { continue }
            disks[String(name)] = (read &* Self.sectorBytes, written &* Self.sectorBytes)
        }
    }

    /// `sda1` and `vdb2` are partitions; `nvme0n1p1` and `mmcblk0p2` as well, but `nvme0n1` is a disk.
    private static func isPartition(_ name: Substring) -> Bool {
        guard name.last?.isNumber == true else { return false }
        guard name.hasPrefix("nvme") || name.hasPrefix("mmcblk") else { return true }
        let withoutNumber = name.reversed().drop(while: \.isNumber)
        return withoutNumber.first == "p"
    }

    private mutating func readInterfaces(_ lines: [[Substring]]) {
        for line in lines {
            // The first counter may follow the colon without a space.
            let joined = line.joined(separator: " ")
            let parts = joined.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0] != "lo" else { continue }
            let fields = parts[1].split(separator: " ")
            guard fields.count >= 9, let received = UInt64(fields[0]), let sent = UInt64(fields[8]) else { continue }
            interfaces[String(parts[0])] = (received, sent)
        }
    }

    // MARK: - Rates

    /// The sample that this reading and the one before it make, in the order of ``HostMetrics/allChannels``.
    func values(since previous: HostReading) -> [Float] {
        let seconds = Double(time.milliseconds(since: previous.time)) / 1000
        func share(_ now: UInt64?, _ before: UInt64?) -> Float {
            guard let now, let before, let total, let totalBefore = previous.total, now >= before, total > totalBefore
            else { return .nan }
            return Float(100 * Double(now - before) / Double(total - totalBefore))
        }
        let disk = Self.rates(disks, previous.disks, seconds: seconds)
        let network = Self.rates(interfaces, previous.interfaces, seconds: seconds)
        return [
            share(user, previous.user), share(system, previous.system), share(wait, previous.wait), Self.float(load),
            Self.float(running), Self.float(memoryUsed), Self.float(swapUsed), disk.0, disk.1, network.0, network.1,
        ]
    }

    /// MiB a second over all devices that were there both times; a counter that went backwards makes its direction
    /// unknown for this step.
    private static func rates(
        _ now: [String: (UInt64, UInt64)], _ before: [String: (UInt64, UInt64)], seconds: Double
    ) -> (Float, Float) {
        guard seconds > 0 else { return (.nan, .nan) }
        var sums = (0.0, 0.0)
        for (name, counters) in now {
            guard let old = before[name] else { continue }
            sums.0 += counters.0 >= old.0 ? Double(counters.0 - old.0) : .nan
            sums.1 += counters.1 >= old.1 ? Double(counters.1 - old.1) : .nan
        }
        let scale = 1 / (seconds * 1_048_576)
        return (Float(sums.0 * scale), Float(sums.1 * scale))
    }

    private static func float(_ value: Double?) -> Float {
        guard let value, value.isFinite else { return .nan }
        return Float(value)
    }
}
