// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import LinnetNN
import LinnetNumerics
import Testing

@Suite("Adversarial families")
struct AdversarialTests {
    /// Three epochs of one batch each, beside PyTorch in float64 (`Vectors/adversarial.py`).
    struct Case: Codable, Sendable, CustomTestStringConvertible {
        var architecture: NetworkArchitecture
        var epochs: Int
        var seed: UInt64
        var learningRate: Float
        var clipNorm: Float
        var rows: Int
        var input: [Float]
        var start: [Float]
        var errors: [Double]
        var end: [Double]
        var testDescription: String {
            "\(architecture.family), weight \(architecture.companion?.adversarialWeight ?? 0)"
        }
    }

    static func cases() throws -> [Case] {
        try JSONDecoder().decode([Case].self, from: Vectors.bytes("adversarial.json"))
    }

    @Test("three steps of each game reach PyTorch's weights", arguments: try cases())
    func golden(_ example: Case) throws {
        let network = try Network(example.architecture)
        var parameters = ParameterVector(example.start)
        var trainer = Trainer(
            network: network,
            settings: TrainingSettings(
                epochs: example.epochs, batchSize: 64, learningRate: example.learningRate, clipNorm: example.clipNorm,
                seed: example.seed, validationShare: 0))
        let report = try trainer.fit(
            &parameters, inputs: Matrix(rows: example.rows, columns: network.inputWidth, values: example.input))
        for (epoch, error) in zip(report.epochs, example.errors) {
            #expect(abs(epoch.training - error) <= 1e-5 * error)
        }
        let scale = example.end.map(abs).max() ?? 0
        try #require(parameters.count == example.end.count)
        for (found, expected) in zip(parameters.values, example.end) {
            #expect(abs(Double(found) - expected) <= 1e-5 * scale)
        }
    }

    @Test("a score is made of the reconstruction and of what the companion says, by their shares")
    func score() throws {
        var generator = SeededGenerator(seed: 8)
        let window = (0..<5).map { _ in Float(generator.gaussian()) }
        for example in try Self.cases() {
            let network = try Network(example.architecture)
            let parameters = ParameterVector(example.start)
            let (companion, own) = try #require(network.companion(parameters: parameters))
            let row = Matrix(rows: 1, columns: 5, values: window)
            let first = network.reconstruct(row, parameters: parameters)
            let expected: Double
            if example.architecture.family == "usad" {
                let second = companion.reconstruct(first, parameters: own)
                func error(_ output: Matrix) -> Double {
                    zip(window, output.values).reduce(0) {
                        let difference = Reference.sigmoid(Double($1.0)) - Reference.sigmoid(Double($1.1))
                        return $0 + difference * difference / 5
                    }
                }
                expected = 0.5 * error(first) + 0.5 * error(second)
            } else {
                let logit = Double(companion.reconstruct(row, parameters: own).values[0])
                let error = zip(window, first.values).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) / 5 }
                expected = 0.5 * error + 0.5 * log(1 + exp(-logit))
            }
            let scorer = try WindowScorer(network: network, parameters: parameters)
            let found = window.withUnsafeBufferPointer(scorer.score)
            #expect(abs(found - expected) < 1e-5 * expected)
        }
    }

    @Test("the generator of a GAN makes windows like those it has seen")
    func generator() throws {
        BLAS.useOneThread()
        let network = try Network(.gan(inputWidth: 36, hidden: [24], latent: 4, adversarialWeight: 1))
        var parameters = network.initialParameters(seed: 3)
        var trainer = Trainer(
            network: network,
            settings: TrainingSettings(epochs: 40, learningRate: 2e-3, validationShare: 0))
        let windows = FamilyTests.windows(800, seed: 1)
        _ = try trainer.fit(&parameters, inputs: windows)
        let (decoder, own) = try #require(network.decoder(parameters: parameters))
        var generator = SeededGenerator(seed: 9)
        let noise = Matrix(rows: 200, columns: 4, values: (0..<800).map { _ in Float(generator.gaussian()) })
        let made = decoder.reconstruct(noise, parameters: own)
        // Neighbouring samples of one channel go together in real windows, and are apart in noise.
        func roughness(_ windows: Matrix) -> Double {
            var (steps, size) = (0.0, 0.0)
            for row in 0..<windows.rows {
                for i in 3..<36 {
                    let difference = Double(windows[row, i] - windows[row, i - 3])
                    steps += difference * difference
                    size += Double(windows[row, i] * windows[row, i])
                }
            }
            return steps / size
        }
        #expect(roughness(made) < 2 * roughness(windows))
    }

    @Test("a companion that does not fit its family is refused, with what is allowed")
    func refused() throws {
        func message(_ change: (inout NetworkArchitecture) -> Void, of start: NetworkArchitecture) -> String {
            var architecture = start
            change(&architecture)
            do throws(NetworkError) {
                _ = try Network(architecture)
                return "accepted"
            } catch { return "\(error)" }
        }
        let usad = NetworkArchitecture.usad(inputWidth: 6, hidden: [4], latent: 2)
        let gan = NetworkArchitecture.gan(inputWidth: 6, hidden: [4], latent: 2)
        #expect(
            message({ $0.companion = nil }, of: usad)
                == "architecture: a \"usad\" needs a second network, its companion")
        #expect(
            message({ $0.companion = usad.companion }, of: .denseAutoencoder(inputWidth: 6, hidden: [4]))
                == "architecture: a \"denseAutoencoder\" has no companion; leave it out")
        #expect(
            message({ $0.companion?.encoderLayers = 5 }, of: usad)
                == "architecture: companion.encoderLayers is 5; it must be at least 1 and less than the 5 layers")
        #expect(
            message({ $0.companion?.adversarialWeight = .nan }, of: usad)
                == "architecture: companion.adversarialWeight is nan; it must be between 0.0 and 1.0")
        #expect(
            message({ $0.companion?.scoreShare = -1 }, of: gan)
                == "architecture: companion.scoreShare is -1.0; it must be between 0.0 and 1.0")
        #expect(
            message({ $0.companion?.layers = [.dense(width: 3, activation: .tanh)] }, of: usad)
                == "architecture: companion.0 has an output of 3; it needs 6 values, as many as the window")
        #expect(
            message({ $0.companion?.layers.removeFirst() }, of: gan)
                == "architecture: companion.layers is 1 layers; it must be 2 to 64")
        #expect(message({ $0.companion?.layers.append(.dense(width: 0, activation: .tanh)) }, of: gan) != "accepted")

        var parameters = try Network(usad).initialParameters(seed: 1)
        var trainer = Trainer(network: try Network(usad), settings: TrainingSettings())
        let rows = Matrix(rows: 4, columns: 6)
        #expect(throws: TrainingError.self) { try trainer.fit(&parameters, inputs: rows, targets: rows) }
    }

    @Test("a description in a few lines of JSON is an architecture, and refuses options of other families")
    func descriptions() throws {
        let json = Data(#"{"family": "usad", "hidden": [10, 6], "latent": 3}"#.utf8)
        let description = try JSONDecoder().decode(ModelDescription.self, from: json)
        let architecture = try description.architecture(length: 4, channels: 5)
        #expect(architecture == .usad(inputWidth: 20, hidden: [10, 6], latent: 3))
        var wrong = ModelDescription(.denseAutoencoder)
        wrong.units = 4
        let error = #expect(throws: NetworkError.self) { try wrong.architecture(length: 4, channels: 5) }
        #expect(error?.description == "model: a \"denseAutoencoder\" has no \"units\"; it has hidden, activation")
        for family in ModelFamily.allCases {
            for (length, channels) in [(4, 2), (12, 3), (60, 8), (16, 1)] {
                let architecture = try ModelDescription(family).architecture(length: length, channels: channels)
                #expect(architecture.family == family.rawValue)
                let network = try Network(architecture)
                let copy = try JSONDecoder().decode(
                    NetworkArchitecture.self, from: JSONEncoder().encode(architecture))
                #expect(copy == architecture)
                #expect(network.slots.last?.range.upperBound == network.parameterCount)
                #expect(network.layerRanges.last?.upperBound == network.parameterCount)
            }
        }
    }
}
