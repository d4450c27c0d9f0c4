// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetEdge
import LinnetFederation
import LinnetMessaging
import LinnetNN
import LinnetTestKit
import Testing

@Suite("A device that starts with the fleet's threshold")
struct ProvisionalThresholdTests {
    @Test("a device with few windows starts with the fleet's threshold, if there is one, until it has its own")
    func provisional() throws {
        let directory = try TemporaryDirectory()
        let local = LocalLearner(configuration: Fixtures.configuration(directory), contract: Fixtures.contract)
        let windowsPerDay = LocalLearner.windowsPerDay(Fixtures.contract, stride: 4)
        let text = "agents=4 scale=0.002 start=0.02 windows=800"
        let prior = try #require(ThresholdPrior(parsing: text))
        let plain = try Fixtures.trained().artifact
        let fleet = try Fixtures.trained(provenance: [ThresholdPrior.provenanceKey: text]).artifact
        let many = TrainingData([Fixtures.device: Fixtures.windows(200)])
        let few = TrainingData([Fixtures.device: Fixtures.windows(20)])

        #expect(try local.calibrate(plain, few).isEmpty)
        #expect(try local.calibrate(fleet, TrainingData([Fixtures.device: Fixtures.windows(9)])).isEmpty)
        let start = try #require(try local.calibrate(fleet, few)[Fixtures.device])
        #expect(start.isProvisional)
        #expect(start.threshold == prior.level(exceedance: fleet.falseAlarmsPerDay / windowsPerDay))
        // What can not be judged on so few windows is not held against a model.
        #expect(try local.selfTest(fleet, [Fixtures.device: start], few, seed: 1).passes)
        let own = try #require(try local.calibrate(fleet, many)[Fixtures.device])
        #expect(!own.isProvisional && own.threshold != start.threshold)
    }

    @Test("learns its windows whatever that threshold says of them, until it has one of its own", arguments: [0, 40])
    func learning(_ windows: Int) async throws {
        let directory = try TemporaryDirectory()
        let store = try Fixtures.store(directory)
        let device = DevicePipeline(
            device: Fixtures.device, configuration: Fixtures.configuration(directory), contract: Fixtures.contract,
            store: store, clock: .system, logger: Fixtures.quiet, makeID: { _ in Fixtures.id(1) }, output: { _ in })
        let trained = try Fixtures.trained()
        var calibration = try #require(trained.model.calibrations[Fixtures.device])
        // A threshold that every window is above; fitted on so many of them.
        (calibration.threshold, calibration.windows) = (1e-9, windows)
        try await device.install(
            DeviceModel(version: trained.model.version, artifact: trained.artifact, calibration: calibration))

        for index in 0..<400 { try await device.take(Fixtures.sample(index)) }
        try await device.close()

        #expect(await device.state().phase == .firing)
        let kept = try await store.windowCounts()[Fixtures.device] ?? 0
        #expect(windows == 0 ? kept > 80 : kept == 0)
    }
}
