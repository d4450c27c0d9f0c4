// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDetection
import LinnetDomain
import LinnetEdge
import LinnetMessaging
import LinnetNN
import LinnetNumerics
import LinnetTestKit
import Testing

extension LiveAgents {
    /// Models that are signed and whole, and no good: each must be stopped on the device, and say by what.
    @Suite("Bad models")
    struct BadModelTests {
        private let good: ModelArtifact

        init() throws { good = try Fixtures.trained(provenance: ["version": "1"]).artifact }

        /// Releases a model to an agent, and waits for its end.
        private func released(_ model: ModelArtifact) async throws -> (report: RolloutReport, harness: AgentHarness) {
            let file = model.encoded()
            let harness = try await AgentHarness()
            try harness.start()
            try harness.release(harness.manifest(1, file, shadowWindows: 20))
            let isOver = try await eventually {
                try harness.serve([file])
                return try harness.reports(1).contains { [.refused, .confirmed, .reverted].contains($0.state) }
            }
            #expect(isOver)
            await harness.stop()
            return (try #require(try harness.reports(1).last), harness)
        }

        private func expectOldModel(_ harness: AgentHarness) async throws {
            #expect(try await harness.store().model(in: .active)?.version == harness.learned)
        }

        @Test(
            "a scaler a thousand times too large, or too small, is refused by the self-test",
            arguments: [1000, 0.001] as [Float])
        func wrongScaler(factor: Float) async throws {
            var model = good
            model.scaler.scale = model.scaler.scale.map { $0 * factor }
            let (report, harness) = try await released(model)

            #expect(report.state == .refused)
            let times = factor > 1 ? "1[0-9]{3}|9[0-9]{2}" : "0.001"
            let sentence = try Regex(
                "self-test: device pump: its scaler is (\(times)) times this device's own spread; .*")
            #expect(try sentence.wholeMatch(in: report.reason) != nil, "\(report.reason)")
            let ratio = try #require(report.evidence["selfTest.scalerRatio"])
            #expect(ratio > 0.5 * Double(factor) && ratio < 2 * Double(factor))
            try await expectOldModel(harness)
            let last = try await harness.store().history().rows.last?.entry
            #expect(last?.step == .refused && last?.evidence["selfTest.scalerRatio"] == ratio)
        }

        @Test("a model that reconstructs everything, and so never alarms, is refused by the self-test")
        func neverAlarms() async throws {
            var model = good
            model.architecture = .denseAutoencoder(inputWidth: 12, hidden: [12], activation: .identity)
            let unit = (0..<144).map { Float($0 % 13 == 0 ? 1 : 0) } + [Float](repeating: 0, count: 12)
            model.parameters = ParameterVector(unit + unit)
            try model.validate()
            let (report, harness) = try await released(model)

            #expect(report.state == .refused)
            #expect(report.reason.contains("self-test: device pump: found 0 % of the synthetic faults \"spike\""))
            #expect(report.evidence["selfTest.spike"] == 0)
            try await expectOldModel(harness)
        }

        @Test("a model that reconstructs nothing, whose errors are all alarming, is refused before it raises one")
        func alwaysAlarms() async throws {
            var model = good
            for index in 0..<model.parameters.count { model.parameters[index] *= 20 }
            let (report, harness) = try await released(model)

            #expect(report.state == .refused)
            let isNamed = ["shadow: device pump: ", "self-test: device pump: "].contains { report.reason.hasPrefix($0) }
            #expect(isNamed, "\(report.reason)")
            let shadow = try #require(try harness.reports(1).last { $0.evidence["shadow.candidateErrorMedian"] != nil })
            let before = try #require(shadow.evidence["shadow.activeErrorMedian"])
            #expect(shadow.evidence["shadow.candidateErrorMedian"] ?? 0 > 10 * before)
            try await expectOldModel(harness)
        }

        @Test("a model that takes much longer to score says so in what it reports")
        func slow() async throws {
            var model = good
            model.architecture = .denseAutoencoder(inputWidth: 12, hidden: [4096, 12], activation: .identity)
            model.parameters = try Network(model.architecture).initialParameters(seed: 1)
            let (_, harness) = try await released(model)

            let shadow = try #require(
                try harness.reports(1).last { $0.evidence["shadow.candidateMicroseconds"] != nil })
            let before = try #require(shadow.evidence["shadow.activeMicroseconds"])
            #expect(shadow.evidence["shadow.candidateMicroseconds"] ?? 0 > 2 * before)
        }

        // MARK: - Scalers

        private func scaler(_ scale: [Float]) -> ChannelScaler {
            ChannelScaler(center: [Float](repeating: 0, count: scale.count), scale: scale)
        }

        private func check(_ scale: [Float], before: [Float]? = nil) -> ScalerCheck {
            ScalerCheck(scaler: scaler(scale), before: before, windows: Fixtures.windows(100))
        }

        @Test("machines of one cohort may shake ten times as much as another, and stand still in some channel")
        func plausibleScalers() throws {
            let scale = good.scaler.scale
            #expect(check(scale).complaint == nil)
            #expect(check(scale.map { $0 * 10 }, before: scale).complaint == nil)
            #expect(check(scale.map { $0 / 10 }, before: scale).complaint == nil)
            #expect(
                check([scale[0], scale[1] * 1000, scale[2]]).complaint == nil, "a quiet channel of this device alone")
            let still = SampleWindow(
                start: Fixtures.start, end: Fixtures.start, length: 4, channelCount: 3,
                values: [Float](repeating: 7, count: 12))!
            let unmoved = ScalerCheck(scaler: scaler(scale), before: nil, windows: [still])
            #expect(unmoved.ratio == nil && unmoved.complaint == nil, "of a machine that stands still nothing is known")
        }

        @Test("one channel's scale far from the released model's before is refused with the channel")
        func changedChannel() throws {
            let scale = good.scaler.scale
            let check = check([scale[0], scale[1] * 100, scale[2]], before: scale)
            #expect(
                check.complaint
                    == "its scaler differs 100 times from the active model's in channel 2; at most 20 is plausible")
            #expect(abs(try #require(check.evidence["selfTest.scalerChange"]) - 100) < 0.01)
        }
    }
}
