// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import Testing

@Suite("From samples to alarms")
struct ChainTests {
    /// 25 s of learning, then a fault from 30 s to 40 s, watched until 55 s.
    private func run(_ kind: FaultKind, seed: UInt64, channel: String? = nil) async throws -> Chain {
        let fault = Fault(
            kind: kind, startsAt: Chain.epoch.adding(milliseconds: 30_000), durationMilliseconds: 10_000,
            channel: channel)
        let settings = MachineSettings(seed: seed, intervalMilliseconds: 50, timeScale: 20, epoch: Chain.epoch)
        let machine = try MachineSimulator(
            settings: settings, faults: kind.isPhysical ? [fault] : [], pacer: .immediate)
        var source = try FaultOverlay(machine, faults: kind.isPhysical ? [] : [fault])
        var chain = Chain(source: source)
        try chain.learn(try await chain.windows(120, from: &source))
        try await chain.watch(&source, until: Chain.epoch.adding(milliseconds: 55_000))
        return chain
    }

    @Test(
        "every fault of the machine raises exactly one alarm, while it lasts",
        arguments: [FaultKind.bearingWear, .cavitation, .imbalance], [1, 2, 3] as [UInt64])
    func machineFaults(kind: FaultKind, seed: UInt64) async throws {
        let chain = try await run(kind, seed: seed)

        #expect(chain.raised.count == 1)
        let start = try #require(chain.raised.first?.startedAt)
        #expect(start >= Chain.epoch.adding(milliseconds: 29_500) && start < Chain.epoch.adding(milliseconds: 40_000))
        #expect(chain.alarms.phase == .normal)
    }

    @Test(
        "every fault of a sensor raises exactly one alarm, and the sensor has the largest share",
        arguments: [FaultKind.stuck, .drift, .spike, .dropout], ["bearing_temperature", "flow", "vibration_mid"])
    func sensorFaults(kind: FaultKind, channel: String) async throws {
        let chain = try await run(kind, seed: 4, channel: channel)

        #expect(chain.raised.count == 1)
        let window = try #require(chain.raisedWindow)
        let contributions = try #require(try chain.detector?.contributions(window, channels: chain.contract.channels))
        #expect(contributions.first?.channel == channel)
        #expect(abs(contributions.reduce(0) { $0 + $1.share } - 1) < 1e-9)
    }

    @Test("five minutes of a healthy machine raise at most one alarm", arguments: [11, 12, 13, 14] as [UInt64])
    func quiet(seed: UInt64) async throws {
        let settings = MachineSettings(seed: seed, intervalMilliseconds: 50, timeScale: 20, epoch: Chain.epoch)
        var source = try MachineSimulator(settings: settings, pacer: .immediate)
        var chain = Chain(source: source)
        try chain.learn(try await chain.windows(240, from: &source))
        try await chain.watch(&source, until: Chain.epoch.adding(milliseconds: 350_000))

        #expect(chain.raised.count <= 1, "alarms at \(chain.raised.map(\.startedAt))")
    }
}
