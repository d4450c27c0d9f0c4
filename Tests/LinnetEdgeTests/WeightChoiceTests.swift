// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetEdge
import LinnetNN
import LinnetNumerics
import LinnetTestKit
import Testing

@Suite("Whose weights a device scores with")
struct WeightChoiceTests {
    private func trial(_ kind: WeightKind, _ recall: Double, _ falseShare: Double) -> WeightTrial {
        WeightTrial(kind: kind, recall: recall, falseShare: falseShare)
    }

    @Test("the released ones, unless others find clearly more and cry wolf no more often")
    func decision() {
        let released = trial(.released, 0.6, 0.01)
        #expect(WeightTrial.best([released]) == .released)
        #expect(WeightTrial.best([released, trial(.local, 0.64, 0)]) == .released)
        #expect(WeightTrial.best([released, trial(.local, 0.7, 0.03)]) == .released)
        #expect(WeightTrial.best([released, trial(.local, 0.7, 0.01), trial(.fineTuned, 0.69, 0)]) == .local)
        #expect(WeightTrial.best([released, trial(.local, 0.7, 0.01), trial(.fineTuned, 0.7, 0)]) == .fineTuned)
        #expect(WeightTrial.best([trial(.local, 1, 0)]) == .released)
    }

    private func learner() throws -> (LocalLearner, TrainingData, TemporaryDirectory) {
        let directory = try TemporaryDirectory()
        let learner = LocalLearner(configuration: Fixtures.configuration(directory), contract: Fixtures.contract)
        return (learner, TrainingData([Fixtures.device: Fixtures.windows(400)]), directory)
    }

    @Test("a release that knows nothing of a device is put aside there, and its own weights are kept with it")
    func ownWeights() throws {
        let (learner, data, directory) = try learner()
        defer { withExtendedLifetime(directory) {} }
        var released = try Fixtures.trained().artifact
        // What comes out of it has nothing to do with what goes in, and is large.
        for index in 0..<released.parameters.count { released.parameters[index] *= 1000 }

        let calibrations = try learner.personalize(released, data, seed: 5) { true }

        let calibration = try #require(calibrations[Fixtures.device])
        let weights = try #require(calibration.weights)
        #expect(weights.kind != .released)
        #expect(weights.parameters(count: released.parameters.count) != released.parameters)
        #expect(weights.parameters(count: 3) == nil)
        // The model that the device runs is a good one, though the release is not.
        let verdict = try learner.selfTest(released, calibrations, data, seed: 5)
        #expect(verdict.passes, "\(verdict.reason)")
    }

    @Test("own weights of another network are refused")
    func foreign() throws {
        let (artifact, model) = try Fixtures.trained()
        var calibration = try #require(model.calibrations[Fixtures.device])
        calibration.weights = OwnWeights(.local, ParameterVector(repeating: 1, count: 3))
        #expect(throws: DetectionError.self) { try DeviceDetector(model: artifact, calibration: calibration) }
        calibration.weights = OwnWeights(
            .local, ParameterVector(repeating: .nan, count: artifact.parameters.count))
        #expect(throws: DetectionError.self) { try DeviceDetector(model: artifact, calibration: calibration) }
    }
}
