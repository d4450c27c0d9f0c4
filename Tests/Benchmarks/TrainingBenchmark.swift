// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import LinnetNN
import LinnetNumerics

/// Trains an autoencoder on one thread and prints how many samples per second went through.
struct TrainingBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "training", abstract: "Samples per second of training, Adam, one thread.")

    @Option(help: "The epochs that are timed, after one that is not.")
    var epochs = 5

    @Option(help: "A1, A2, A3 dense; A4 convolutional; A5 LSTM.")
    var network = BenchmarkNetwork.a1

    @Option(help: "The rows of one step, instead of the network's own number.")
    var batchSize: Int?

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
        guard (1...4096).contains(batchSize ?? 1) else {
            throw ValidationError("--batch-size must be between 1 and 4096")
        }
    }

    func run() throws {
        BLAS.useOneThread()
        let result = try measure()
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            print(String(decoding: try encoder.encode(result), as: UTF8.self))
        } else {
            let thousands = (result.samplesPerSecond / 100).rounded() / 10
            print(
                "training \(network.rawValue): \(thousands)k samples/s (median of \(epochs) epochs), loss \(result.loss)"
            )
        }
    }

    private func measure() throws -> Result {
        let batchSize = batchSize ?? self.network.batchSize
        let network = try Network(self.network.architecture)
        let inputs = BenchmarkCase.inputs(rows: self.network.rows, inputWidth: network.inputWidth)
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
