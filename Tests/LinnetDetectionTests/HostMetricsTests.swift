// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetDetection
import LinnetDomain
import LinnetNumerics
import LinnetTestKit
import Testing

@Suite("Host metrics")
struct HostMetricsTests {
    private let root: TemporaryDirectory
    private let clock = ManualClock()

    init() throws {
        root = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: root.path("net"), withIntermediateDirectories: true)
        try write(ticks: 1000, disks: ["vda": 2048], received: 1_048_576)
    }

    private func write(ticks: Int, disks: [String: Int], received: Int, interface: String = "eth0") throws {
        try root.write(
            "cpu  \(ticks) 0 \(ticks) \(ticks * 2) 0 0 0 0 0 0\nintr 1\nprocs_running 3\n", to: "stat")
        try root.write(
            "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 250 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n", to: "meminfo"
        )
        let lines = disks.map { "   8 0 \($0.key) 1 0 \($0.value) 0 1 0 \($0.value) 0 0 0 0" }
        try root.write(
            (lines + ["   8 1 vda1 1 0 99999999 0 1 0 99999999 0", "   7 0 loop0 1 0 5 0 1 0 5 0"])
                .joined(separator: "\n"), to: "diskstats")
        try root.write(
            "Inter-|   Receive\n face |bytes\n    lo: 9 0 0 0 0 0 0 0 9 0\n  \(interface):\(received) 0 0 0 0 0 0 0 0 0\n",
            to: "net/dev")
        try root.write("0.50 0.40 0.30 1/100 5\n", to: "loadavg")
    }

    private func source() throws -> HostMetrics {
        try HostMetrics(intervalMilliseconds: 1000, root: root.path, clock: clock.wallClock, pacer: .immediate)
    }

    /// One step: the counters of `change` a second after those of `init`.
    private func step(_ change: () throws -> Void) async throws -> [String: Float] {
        var source = try source()
        source.readBaseline()
        try change()
        let values = try #require(try await source.next()).values
        return Dictionary(uniqueKeysWithValues: zip(HostMetrics.allChannels.map(\.name), values))
    }

    @Test("counters become rates per second, shares of all time, and whole disks only")
    func rates() async throws {
        let values = try await step { try write(ticks: 1010, disks: ["vda": 4096], received: 3 * 1_048_576) }

        #expect(values["cpu_user"] == 25 && values["cpu_system"] == 25 && values["cpu_wait"] == 0)
        #expect(values["memory_used"] == 75 && values["swap_used"] == 0)
        #expect(values["disk_read"] == 1 && values["disk_write"] == 1)
        #expect(values["network_receive"] == 2 && values["load_1"] == 0.5 && values["processes_running"] == 3)
    }

    @Test("channels that are ignored are not there, and the others keep their values")
    func ignored() async throws {
        var source = try HostMetrics(
            intervalMilliseconds: 1000, ignoredChannels: ["cpu_user", "swap_used"], root: root.path,
            clock: clock.wallClock, pacer: .immediate)
        source.readBaseline()
        try write(ticks: 1010, disks: ["vda": 4096], received: 3 * 1_048_576)
        let values = try #require(try await source.next()).values

        #expect(source.channels.count == HostMetrics.allChannels.count - 2 && values.count == source.channels.count)
        let position = try #require(source.channels.firstIndex { $0.name == "memory_used" })
        #expect(values[position] == 75)
    }

    @Test("a counter that goes backwards gives no rate for that step, never a wild one")
    func wrap() async throws {
        let values = try await step { try write(ticks: 10, disks: ["vda": 1], received: 5) }

        #expect(values["cpu_user"]?.isNaN == true)
        #expect(values["disk_read"]?.isNaN == true)
        #expect(values["network_receive"]?.isNaN == true)
        #expect(values["memory_used"] == 75)
    }

    @Test("disks and interfaces that come and go make no difference")
    func devices() async throws {
        let values = try await step {
            try write(ticks: 1010, disks: ["vda": 2048, "sdb": 900_000], received: 7_000_000, interface: "wg0")
        }
        #expect(values["disk_read"] == 0)
        #expect(values["network_receive"] == 0)
    }

    @Test("L-8 whatever stands in /proc, nothing traps", arguments: 1...20)
    func hostile(seed: Int) async throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        for file in ["stat", "meminfo", "diskstats", "net/dev", "loadavg"] {
            let path = URL(fileURLWithPath: root.path(file))
            var bytes = [UInt8](try Data(contentsOf: path))
            for _ in 0..<5 where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            try Data(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator))).write(to: path)
        }
        var source = try source()
        let sample = try await source.next()
        #expect(sample?.values.count == HostMetrics.allChannels.count)
    }
}
