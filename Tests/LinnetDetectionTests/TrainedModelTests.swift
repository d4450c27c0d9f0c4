// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDetection
import LinnetDomain
import LinnetNN
import LinnetNumerics
import Testing

@Suite("Trained models")
struct TrainedModelTests {
    private static func model() throws -> TrainedModel {
        BLAS.useOneThread()
        return try ModelTrainingTests.training(.denseAutoencoder, epochs: 2).train(
            [try LabRecording.read(rows: 300)]
        ).model
    }

    @Test("a file comes back as it was, its version has nothing of the device, and a version is no trained model")
    func files() throws {
        let model = try Self.model()
        let bytes = try model.encoded()
        #expect(try TrainedModel(parsing: bytes) == model)
        #expect(try TrainedModel(parsing: bytes).encoded() == bytes)
        let version = model.artifact.encoded()
        #expect(try ModelArtifact(parsing: version) == model.artifact)
        #expect(throws: TrainedModelError.isVersion) { try TrainedModel(parsing: version) }
        #expect(throws: ModelArtifactError.self) { try ModelArtifact(parsing: bytes) }
        let small = try TrainedModel(parsing: try model.encoded(.int8))
        #expect(small.calibration == model.calibration && small.artifact != model.artifact)
    }

    @Test("every cut and many random changes are an error or another model that scores, never a trap")
    func damaged() throws {
        let bytes = try Self.model().encoded()
        for count in stride(from: 0, to: bytes.count, by: 97) {
            #expect(throws: TrainedModelError.self) { try TrainedModel(parsing: bytes.prefix(count)) }
        }
        var generator = SeededGenerator(seed: 5)
        let sample = Sample(time: Timestamp(milliseconds: 0), values: [1, 2, 3])
        for _ in 0..<400 {
            var changed = bytes
            // Most of the file is numbers; the texts before them are what can be read wrongly.
            changed[Int(generator.next() % UInt64(min(bytes.count, 6000)))] ^= 1 << UInt8(generator.next() % 8)
            guard let model = try? TrainedModel(parsing: changed) else { continue }
            let scoring = try SampleScoring(model)
            guard model.contract.channels.count == 3 else { continue }
            _ = try scoring.handle(sample)
        }
    }

    @Test("a recording scored row by row has the scores of its windows one by one, bit for bit")
    func streaming() throws {
        let model = try Self.model()
        let recording = try LabRecording.read(rows: 200, seed: 4, fault: 150)
        let scoring = try SampleScoring(model)
        let streamed = try recording.samples.map { try scoring.handle($0) }.filter(\.endsWindow)

        let detector = try DeviceDetector(model: model.artifact, calibration: model.calibration)
        let windows = model.windows(of: recording)
        #expect(streamed.map(\.score) == (try windows.map { try detector.judge($0).score }))

        // What comes later has no part in a score.
        var other = recording
        for row in 120..<200 { other.samples[row].values = [0, 0, 0] }
        let second = try SampleScoring(model)
        let begun = try other.samples.prefix(120).map { try second.handle($0) }.filter(\.endsWindow)
        #expect(Array(streamed.prefix(begun.count)) == begun)
    }

    @Test(
        "each way of explaining finds the channel and the samples that are at fault",
        arguments: AttributionMethod.allCases)
    func explanations(_ method: AttributionMethod) throws {
        let model = try Self.model()
        let explainer = try WindowExplainer(model)
        let recording = try LabRecording.read(rows: 60, seed: 4, fault: 50)
        let window = try #require(model.windows(of: recording).first { $0.end.milliseconds == 52_000 })
        let explanation = try explainer.explain(window, by: method)
        #expect(explanation.channels.first?.channel == "pressure")
        #expect(explanation.channels.map(\.share).allSatisfy { (0...1).contains($0) })
        #expect(abs(explanation.channels.reduce(0) { $0 + $1.share } - 1) < 1e-9)
        #expect(abs(explanation.lags.reduce(0, +) - 1) < 1e-9)
        // The fault is in the last three of eight samples.
        #expect(explanation.lags.suffix(3).reduce(0, +) > explanation.lags.prefix(5).reduce(0, +))
        #expect(try explainer.explain(window, by: method) == explanation)
    }

    @Test("what channels add sums up to the score, or to its difference from normal windows")
    func sums() throws {
        let model = try Self.model()
        let explainer = try WindowExplainer(model)
        let recording = try LabRecording.read(rows: 60, seed: 4, fault: 50)
        let window = try #require(model.windows(of: recording).last)
        let detector = try ReconstructionDetector(model: model.artifact, calibration: model.calibration)
        let score = try detector.score(window)
        let byError = try explainer.explain(window, by: .error).amounts.reduce(0, +)
        #expect(abs(byError - score) < 1e-5 * score)

        let scorer = try WindowScorer(
            network: try Network(model.artifact.architecture), parameters: model.artifact.parameters)
        let rows = min(16, model.background.rows)
        let normal =
            (0..<rows).map { row in
                Array(model.background.row(row * model.background.rows / rows)).withUnsafeBufferPointer(scorer.score)
            }.reduce(0, +) / Double(rows)
        let byShare = try explainer.explain(window, by: .shapley).amounts.reduce(0, +)
        #expect(abs(byShare - (score - normal)) < 1e-5 * score)
    }

    @Test("rounding costs little, pruning everything costs much, and both are told")
    func differences() throws {
        let model = try Self.model()
        let windows = model.windows(of: try LabRecording.read(rows: 200, seed: 4, fault: 150))
        var (small, empty) = (model, model)
        small.artifact = try model.artifact.rounded(to: .int8)
        empty.artifact = try model.artifact.pruned(share: 1)
        let rounding = try ModelDifference(model, small, on: windows)
        let pruning = try ModelDifference(model, empty, on: windows)
        #expect(rounding.windows == windows.count)
        #expect(abs(rounding.otherMeanScore - rounding.meanScore) < 0.05 * rounding.meanScore)
        #expect(pruning.otherMeanScore > rounding.otherMeanScore)
        #expect(try ModelDifference(model, model, on: windows).largestChange == 0)
    }
}
