// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import LinnetNN
import LinnetNumerics

/// Trains the 38-32-16-8-16-32-38 autoencoder on one thread and prints how many samples per second went through.
struct TrainingBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "training", abstract: "Samples per second of training, Adam, one thread.")

    @Option(help: "The epochs that are timed, after one that is not.")
    var epochs = 5

    @Option(help: "The rows of one step.")
    var batchSize = 32

    @Flag(help: "Print one JSON object.")
    var json = false

    struct Result: Codable {
        var samplesPerSecond: Double
        var loss: Double
        var epochs: Int
        var batchSize: Int
    }

    func validate() throws {
        guard (1...1000).contains(epochs) else { throw ValidationError("--epochs must be between 1 and 1000") }
        guard (1...4096).contains(batchSize) else { throw ValidationError("--batch-size must be between 1 and 4096") }
    }

    func run() throws {
        BLAS.useOneThread()
        let result = try measure()
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            print(String(decoding: try encoder.encode(result), as: UTF8.self))
        } else {
            let thousands = Int((result.samplesPerSecond / 1000).rounded())
            print("training: \(thousands)k samples/s (median of \(epochs) epochs), loss \(result.loss)")
        }
    }

    private func measure() throws -> Result {
        let network = try Network(
            .denseAutoencoder(
                inputWidth: BenchmarkCase.inputWidth, hidden: BenchmarkCase.hidden, activation: .relu))
        let inputs = BenchmarkCase.inputs()
        var parameters = network.initialParameters(seed: 1)
        var trainer = Trainer(
            network: network,
            settings: TrainingSettings(epochs: epochs + 1, batchSize: batchSize, validationShare: 0))
        let batchesPerEpoch = (inputs.rows + batchSize - 1) / batchSize
        var batches = 0
        var marks: [Double] = []
        let report = try trainer.fit(&parameters, inputs: inputs) {
            batches += 1
            if batches % batchesPerEpoch == 0 { marks.append(monotonicSeconds()) }
            return true
        }
        let seconds = zip(marks.dropFirst(), marks).map { $0 - $1 }
        return Result(
            samplesPerSecond: Double(inputs.rows) / BenchmarkCase.median(seconds), loss: report.bestValidationLoss,
            epochs: epochs, batchSize: batchSize)
    }
}
