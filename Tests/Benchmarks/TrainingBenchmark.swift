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

    @Option(
        help: "A directory to which weights.f32 and order.i32 are written: where peers start from, and their batches.")
    var export: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    struct Result: Codable {
        var samplesPerSecond: Double
        var loss: Double
        var epochs: Int
        var batchSize: Int
        /// What training needs by its sizes, in MiB: parameters, gradient, Adam's two means, and what one batch leaves
        /// behind on its way through the network.
        var neededMiB: Double
        /// What the process held at its peak above what it held before, the data among that, in MiB.
        var extraMiB: Double
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
                "training \(network.rawValue): \(thousands)k samples/s (median of \(epochs) epochs), loss "
                    + "\(result.loss), memory \(result.extraMiB) MiB of \(result.neededMiB) MiB needed")
        }
    }

    private func measure() throws -> Result {
        let batchSize = batchSize ?? self.network.batchSize
        let network = try Network(self.network.architecture)
        let inputs = BenchmarkCase.inputs(rows: self.network.rows, inputWidth: network.inputWidth)
        var parameters = network.initialParameters(seed: 1)
        if let export { try write(parameters, rows: inputs.rows, to: export) }
        let before = PeakMemory.restart()
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
            epochs: epochs, batchSize: batchSize,
            neededMiB: Double(
                4 * MemoryLayout<Float>.stride * network.parameterCount
                    + Workspace.byteCount(of: network, maximumBatch: batchSize)) / 1_048_576,
            extraMiB: PeakMemory.mebibytes - before)
    }

    /// Writes the weights that training starts from, and the rows in the order of each epoch, as the trainer draws it.
    private func write(_ parameters: ParameterVector, rows: Int, to directory: String) throws {
        var generator = SeededGenerator(seed: TrainingSettings().seed)
        var order = (0..<Int32(rows)).map { $0 }
        var all: [Int32] = []
        for _ in 0...epochs {
            generator.shuffle(&order)
            all += order
        }
        try BenchmarkCase.write(parameters.values, to: directory + "/weights.f32")
        try BenchmarkCase.write(all, to: directory + "/order.i32")
    }
}
