// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetEdge
import LinnetMessaging
import LinnetTestKit
import Testing

@Suite("A stream and a recording")
struct StreamingTests {
    /// What an agent's device says after each sample.
    private func streamed(
        _ samples: [Sample], _ model: DeviceModel, _ configuration: EdgeConfiguration, in directory: TemporaryDirectory
    ) async throws -> [Double?] {
        let pipeline = DevicePipeline(
            device: Fixtures.device, configuration: configuration, contract: Fixtures.contract,
            store: try Fixtures.store(directory), clock: TestClock().clock, logger: Fixtures.quiet,
            makeID: { _ in Fixtures.id(1) }, output: { _ in })
        try await pipeline.install(model)
        var scores: [Double?] = []
        for sample in samples {
            try await pipeline.take(sample)
            scores.append(await pipeline.state().score)
        }
        return scores
    }

    @Test("sample by sample an agent says what a recording scored at once says, bit for bit, whatever comes later")
    func same() async throws {
        let (first, second) = (try TemporaryDirectory(), try TemporaryDirectory())
        let configuration = Fixtures.configuration(first)
        let (artifact, stored) = try Fixtures.trained()
        let calibration = try #require(stored.calibrations[Fixtures.device])
        let model = DeviceModel(version: stored.version, artifact: artifact, calibration: calibration)
        // A healthy stretch, a pause, a fault, and one missing value.
        var samples = (0..<120).map { Fixtures.sample($0, isFaulty: (80..<100).contains($0)) }
        samples[30].values[1] = .nan
        samples.removeSubrange(50..<60)

        let live = try await streamed(samples, model, configuration, in: first)

        var windower = Windower(
            contract: Fixtures.contract, stride: configuration.window.stride,
            missing: .hold(configuration.window.holdMissing),
            maximumGapMilliseconds: configuration.window.maximumGapMilliseconds)
        let scorer = try DeviceScorer(
            model: artifact, calibration: calibration,
            windowsPerDay: LocalLearner.windowsPerDay(Fixtures.contract, stride: configuration.window.stride),
            at: Fixtures.start)
        var last: Double?
        for (number, sample) in samples.enumerated() {
            if let window = windower.push(sample) { last = try scorer.score(window).window.score }
            #expect(live[number] == last, "sample \(number)")
        }
        #expect(Set(live.compactMap { $0 }).count > 20)

        // Other samples after the sixtieth change nothing before.
        let changed = samples[..<60] + samples[60...].map { Sample(time: $0.time, values: $0.values.map { 2 * $0 }) }
        let other = try await streamed(Array(changed), model, configuration, in: second)
        #expect(other[..<60] == live[..<60])
        #expect(other != live)
    }
}
