// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDetection
import LinnetDomain
import LinnetNN
import LinnetNumerics
import Testing

@Suite("Training in the lab")
struct ModelTrainingTests {
    static func training(_ family: ModelFamily, epochs: Int = 12) -> ModelTraining {
        var model = ModelDescription(family)
        if family.options.contains(.units) { model.units = 8 }
        return ModelTraining(
            model: model, length: 8, stride: 1,
            settings: TrainingSettings(epochs: epochs, learningRate: 5e-3, clipNorm: 10, seed: 3, patience: epochs))
    }

    static let families: [ModelFamily] = [
        .denseAutoencoder, .convolutionalAutoencoder, .recurrentAutoencoder, .variationalAutoencoder, .usad, .gan,
        .deepBelief,
    ]

    @Test("every family learns a recording, stays calm on its like, and finds a fault", arguments: families)
    func learns(_ family: ModelFamily) throws {
        BLAS.useOneThread()
        let outcome = try Self.training(family).train([try LabRecording.read(rows: 900)])
        #expect(outcome.report.bestValidationLoss < outcome.report.initialValidationLoss)
        #expect(outcome.calibratedWindows > 300)
        let model = try TrainedModel(parsing: try outcome.model.encoded())
        #expect(model == outcome.model)

        let scoring = try SampleScoring(model)
        var alarmed = 0
        let other = try LabRecording.read(rows: 600, seed: 9, fault: 400)
        var faultAlarms = 0
        for (row, sample) in other.samples.enumerated() {
            let verdict = try scoring.handle(sample)
            #expect(verdict.score.isFinite)
            guard verdict.phase == .firing else { continue }
            if row < 400 { alarmed += 1 } else { faultAlarms += 1 }
        }
        #expect(alarmed <= 20, "\(family)")
        #expect(faultAlarms > 150, "\(family)")
        #expect(try scoring.contributions().first?.channel == "pressure", "\(family)")
    }

    @Test("the rows that set the threshold have no part in weights and level, and the others none in the threshold")
    func apart() throws {
        BLAS.useOneThread()
        let recording = try LabRecording.read(rows: 400)
        let whole = try Self.training(.denseAutoencoder, epochs: 3).train([recording])
        var changed = recording
        for row in 260..<400 { changed.samples[row].values[1] += 0.5 * Float(row % 3) }
        let other = try Self.training(.denseAutoencoder, epochs: 3).train([changed])
        #expect(other.model.artifact == whole.model.artifact)
        #expect(other.model.calibration.level == whole.model.calibration.level)
        #expect(other.model.calibration.threshold > whole.model.calibration.threshold)

        // The same seed gives the same file, bit for bit; another seed another one.
        let again = try Self.training(.denseAutoencoder, epochs: 3).train([recording])
        #expect(try again.model.encoded() == whole.model.encoded())
        var reseeded = Self.training(.denseAutoencoder, epochs: 3)
        reseeded.settings.seed = 4
        #expect(try reseeded.train([recording]).model != whole.model)
    }

    @Test("rows that are labelled are not learned from, and no window spans them")
    func labels() throws {
        BLAS.useOneThread()
        let clean = try LabRecording.read(rows: 400, labels: 0..<0)
        var spoilt = try LabRecording.read(rows: 400, labels: 100..<120)
        let left = try Self.training(.denseAutoencoder, epochs: 2).train([spoilt])
        for row in 100..<120 { spoilt.samples[row].values = [.nan, 1e30, -5] }
        let right = try Self.training(.denseAutoencoder, epochs: 2).train([spoilt])
        #expect(left.model == right.model)
        #expect(left.fittedWindows < (try Self.training(.denseAutoencoder, epochs: 2).train([clean]).fittedWindows))
    }

    @Test("a model goes on from another, and what is frozen stays")
    func transfer() throws {
        BLAS.useOneThread()
        let recording = try LabRecording.read(rows: 400)
        let first = try Self.training(.denseAutoencoder, epochs: 3).train([recording]).model.artifact
        let network = try Network(first.architecture)
        let second = try Self.training(.denseAutoencoder, epochs: 3).train(
            [try LabRecording.read(rows: 400, seed: 5)],
            from: ModelTraining.Start(artifact: first, frozen: ["encoder"]))
        let encoder = try #require(network.parameterRanges(of: "encoder")).flatMap(Array.init)
        let decoder = try #require(network.parameterRanges(of: "decoder")).flatMap(Array.init)
        #expect(encoder.allSatisfy { second.model.artifact.parameters[$0] == first.parameters[$0] })
        #expect(decoder.contains { second.model.artifact.parameters[$0] != first.parameters[$0] })

        #expect(throws: DetectionError.self) {
            try Self.training(.denseAutoencoder).train(
                [recording], from: ModelTraining.Start(artifact: first, frozen: ["layers.9"]))
        }
        var longer = Self.training(.denseAutoencoder)
        longer.length = 9
        #expect(
            throws: DetectionError.wrongShape(channels: 3, length: 9, modelChannels: 3, modelLength: 8)
        ) { try longer.train([recording], from: ModelTraining.Start(artifact: first)) }
    }

    @Test("recordings that do not go together, or are too short, are refused in words")
    func refusals() throws {
        let recording = try LabRecording.read(rows: 400)
        var other = recording
        other.channels[0].name = "speed"
        #expect(throws: DetectionError.self) { try Self.training(.denseAutoencoder).train([recording, other]) }
        #expect(throws: DetectionError.self) { try Self.training(.denseAutoencoder).train([]) }
        #expect(throws: DetectionError.self) {
            try Self.training(.denseAutoencoder).train([try LabRecording.read(rows: 40)])
        }
        #expect(throws: DetectionError.self) { try Self.training(.classifier).train([recording]) }
    }

    @Test("a model may start from signals of the same meaning, and from others only if somebody says so")
    func contracts() {
        func contract(_ names: [String], interval: Int = 1000, length: Int = 8) -> SignalContract {
            SignalContract(
                channels: names.map { Channel(name: $0) }, intervalMilliseconds: interval, windowLength: length)
        }
        let own = contract(["flow", "heat"])
        #expect(ModelTransfer.verdict(from: own, to: own) == .allowed)
        var metric = own
        metric.channels[1].unit = "degC"
        #expect(ModelTransfer.verdict(from: own, to: metric) == .allowed, "a recording need not say a unit")
        var imperial = own
        imperial.channels[1].unit = "degF"
        #expect(ModelTransfer.verdict(from: own, to: contract(["flow", "heat"], interval: 1200)) == .allowed)
        for (source, doubtful) in [
            (own, contract(["heat", "flow"])), (own, contract(["flow", "heat"], interval: 5000)), (imperial, metric),
        ] {
            guard case .doubtful = ModelTransfer.verdict(from: source, to: doubtful) else {
                Issue.record("\(doubtful) is not doubtful")
                continue
            }
        }
        for refused in [contract(["flow"]), contract(["flow", "heat"], length: 9)] {
            guard case .refused = ModelTransfer.verdict(from: own, to: refused) else {
                Issue.record("\(refused) is not refused")
                continue
            }
        }
    }
}
