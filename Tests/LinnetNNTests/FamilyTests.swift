// SPDX-License-Identifier: Apache-2.0

import CAllocationCounter
import LinnetNN
import LinnetNumerics
import Testing

/// Each family learns the same windows, and finds the same faults in others.
@Suite("Model families")
struct FamilyTests {
    static let length = 12
    static let channels = 3

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var architecture: NetworkArchitecture
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "dense", architecture: .denseAutoencoder(inputWidth: 36, hidden: [16, 4])),
        Case(name: "denoising", architecture: .denoisingAutoencoder(inputWidth: 36, hidden: [16, 6])),
        Case(name: "sparse", architecture: .sparseAutoencoder(inputWidth: 36, hidden: [24, 12])),
        Case(
            name: "convolutional",
            architecture: .convolutionalAutoencoder(
                length: length, channels: channels, filters: [8, 2], kernel: 5, dropout: 0.05)),
        Case(
            name: "LSTM", architecture: .recurrentAutoencoder(.lstm, length: length, channels: channels, units: 12)),
        Case(name: "GRU", architecture: .recurrentAutoencoder(.gru, length: length, channels: channels, units: 12)),
        Case(
            name: "variational",
            architecture: .variationalAutoencoder(inputWidth: 36, hidden: [16], latent: 4, beta: 0.1)),
        Case(name: "forecaster", architecture: .forecaster(length: length, channels: channels, units: 12)),
        Case(
            name: "convolutional forecaster",
            architecture: .convolutionalForecaster(length: length, channels: channels, filters: [12], hidden: [16])),
        Case(name: "deep belief", architecture: .deepBelief(inputWidth: 36, hidden: [20, 8])),
        Case(name: "USAD", architecture: .usad(inputWidth: 36, hidden: [24], latent: 6)),
        Case(name: "GAN", architecture: .gan(inputWidth: 36, hidden: [24], latent: 6)),
        Case(name: "autoencoder + GAN", architecture: .autoencoderGAN(inputWidth: 36, hidden: [24, 6])),
    ]

    /// Windows of three sines that go together; in a faulty one a channel jumps at its last samples.
    static func windows(_ count: Int, faulty: Bool = false, seed: UInt64) -> Matrix {
        var generator = SeededGenerator(seed: seed)
        var result = Matrix(rows: 0, columns: length * channels)
        for _ in 0..<count {
            let phase = 2 * Double.pi * generator.uniform()
            let broken = Int(generator.next() % UInt64(channels))
            var row: [Float] = []
            for step in 0..<length {
                for channel in 0..<channels {
                    let angle = phase + 0.5 * Double(step) + Double(channel)
                    let jump = faulty && channel == broken && step >= length - 3 ? 2.5 : 0
                    row.append(Float(1.4 * Self.sine(angle) + jump + 0.05 * generator.gaussian()))
                }
            }
            result.appendRow(row)
        }
        return result
    }

    /// Parabolas through the zeros of a sine: periodic, and the same on every machine.
    private static func sine(_ angle: Double) -> Double {
        let turn = angle / (2 * Double.pi)
        let x = 4 * (turn - turn.rounded(.down)) - 2
        return x * (2 - abs(x))
    }

    private func train(_ architecture: NetworkArchitecture, epochs: Int) throws -> (Network, ParameterVector) {
        BLAS.useOneThread()
        let network = try Network(architecture)
        let windows = Self.windows(800, seed: 1)
        var parameters = try network.initialParameters(seed: 3, learningFrom: windows)
        var trainer = Trainer(
            network: network, settings: TrainingSettings(epochs: epochs, learningRate: 5e-3, patience: epochs))
        let report = try trainer.fit(&parameters, inputs: windows)
        #expect(report.bestValidationLoss < 0.5 * report.initialValidationLoss)
        return (network, parameters)
    }

    private func scores(_ scorer: WindowScorer, _ windows: Matrix) -> [Double] {
        (0..<windows.rows).map { row in Array(windows.row(row)).withUnsafeBufferPointer { scorer.score($0) } }
    }

    @Test("normal windows score below faulty ones, and the broken channel has the largest error", arguments: cases)
    func detects(_ example: Case) throws {
        let (network, parameters) = try train(example.architecture, epochs: 30)
        let scorer = try WindowScorer(network: network, parameters: parameters)
        let normal = scores(scorer, Self.windows(200, seed: 2)).sorted()
        let faulty = scores(scorer, Self.windows(200, faulty: true, seed: 3))
        #expect(faulty.filter { $0 > normal[189] }.count > 180)

        var window = Array(Self.windows(1, seed: 4).row(0))
        for step in 9..<12 { window[step * 3 + 1] -= 3 }
        _ = window.withUnsafeBufferPointer { scorer.score($0) }
        let errors = (0..<3).map { channel in
            stride(from: channel, to: 36, by: 3).reduce(Float(0)) { $0 + scorer.errors[$1] }
        }
        #expect(errors[1] == errors.max())
    }

    @Test("the same seed gives the same weights bit by bit, and the model comes back from its file", arguments: cases)
    func repeatable(_ example: Case) throws {
        let (_, first) = try train(example.architecture, epochs: 5)
        let (_, second) = try train(example.architecture, epochs: 5)
        #expect(first == second)
        let model = ModelArtifact(
            architecture: example.architecture, parameters: first,
            scaler: ChannelScaler(means: [0, 0, 0], standardDeviations: [1, 1, 1]), windowLength: Self.length,
            falseAlarmsPerDay: 1)
        #expect(try ModelArtifact(parsing: model.encoded()) == model)
    }

    @Test("neither training nor scoring allocates", arguments: cases)
    func allocations(_ example: Case) throws {
        BLAS.useOneThread()
        let network = try Network(example.architecture)
        var parameters = network.initialParameters(seed: 3)
        var trainer = Trainer(
            network: network, settings: TrainingSettings(epochs: 2, clipNorm: 1, l2: 1e-4, patience: 2))
        var (batches, atFirst, atLast): (Int, UInt64, UInt64) = (0, 0, 0)
        _ = try trainer.fit(&parameters, inputs: Self.windows(300, seed: 1)) {
            batches += 1
            if batches == 1 { atFirst = linnet_allocation_count() }
            atLast = linnet_allocation_count()
            return true
        }
        #expect(batches == 16)
        #expect(atLast - atFirst == 0)

        let scorer = try WindowScorer(network: network, parameters: parameters)
        let window = Array(Self.windows(1, seed: 4).row(0))
        let scoring = window.withUnsafeBufferPointer { window in
            var sum = scorer.score(window)
            let before = linnet_allocation_count()
            for _ in 0..<10 { sum += scorer.score(window) }
            return sum.isFinite ? linnet_allocation_count() - before : .max
        }
        #expect(scoring == 0)
    }

    @Test("a convolutional autoencoder comes back to its length, whatever length, kernel and stride are")
    func lengths() throws {
        for length in 1...20 {
            for (kernel, stride) in [(1, 1), (3, 1), (3, 2), (5, 3), (7, 2)] {
                let network = try Network(
                    .convolutionalAutoencoder(
                        length: length, channels: 2, filters: [3, 2], kernel: kernel, stride: stride))
                #expect(network.outputWidth == 2 * length)
            }
        }
    }

    @Test("a forecaster's score does not depend on how it could have been told the answer")
    func forecastIsBlind() throws {
        let network = try Network(.forecaster(length: 5, channels: 2, horizon: 2, units: 4))
        let parameters = network.initialParameters(seed: 1)
        var window = Matrix(rows: 1, columns: 10, values: (0..<10).map { Float($0) / 5 })
        let before = network.reconstruct(window, parameters: parameters)
        #expect(before.columns == 4)
        for c in 6..<10 { window[0, c] = 100 }
        #expect(network.reconstruct(window, parameters: parameters) == before)
        let scorer = try WindowScorer(network: network, parameters: parameters)
        let score = window.withUnsafeBufferPointer { scorer.score($0) }
        #expect(score > 9000)
        #expect(scorer.errors.prefix(6).allSatisfy { $0 == 0 } && scorer.expected.prefix(6) == window.row(0).prefix(6))
    }

    @Test("absurd sizes are refused when the network is built, not before")
    func absurd() {
        let absurd: [NetworkArchitecture] = [
            .convolutionalAutoencoder(length: .max, channels: .max), .convolutionalAutoencoder(length: 0, channels: 1),
            .convolutionalAutoencoder(length: 5, channels: 1, kernel: 4),
            .convolutionalAutoencoder(length: 5, channels: 1, kernel: -1, stride: 0),
            .recurrentAutoencoder(length: -1, channels: 2), .recurrentAutoencoder(length: 5, channels: 2, units: .max),
            .variationalAutoencoder(inputWidth: 4, hidden: [3], latent: .max),
            .variationalAutoencoder(inputWidth: 0, hidden: [], latent: 0), .forecaster(length: 1, channels: 2),
            .forecaster(length: 3, channels: 2, horizon: 3), .forecaster(length: .min, channels: 2, horizon: .max),
            .denoisingAutoencoder(inputWidth: 3, hidden: [2], noise: .nan),
            .sparseAutoencoder(inputWidth: 3, hidden: [0]),
        ]
        for architecture in absurd {
            #expect(throws: NetworkError.self, "\(architecture)") { try Network(architecture) }
        }
    }

    @Test("a constant channel is learned like any other, and windows of a classifier have no score")
    func constantChannel() throws {
        var windows = Self.windows(300, seed: 1)
        for row in 0..<300 { for step in 0..<Self.length { windows[row, step * 3] = 0 } }
        for example in Self.cases {
            let network = try Network(example.architecture)
            var parameters = network.initialParameters(seed: 3)
            var trainer = Trainer(network: network, settings: TrainingSettings(epochs: 2))
            _ = try trainer.fit(&parameters, inputs: windows)
            #expect(parameters.isFinite)
        }
        let classifier = try Network(
            NetworkArchitecture(family: .classifier, inputWidth: 2, layers: [.dense(width: 2, activation: .identity)]))
        #expect(throws: NetworkError.noScore(family: "classifier")) {
            try WindowScorer(network: classifier, parameters: classifier.initialParameters(seed: 1))
        }
    }
}
