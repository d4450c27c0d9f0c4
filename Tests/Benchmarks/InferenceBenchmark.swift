// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CAllocationCounter
import FoundationEssentials
import LinnetNN
import LinnetNumerics

/// Reconstructs one row at a time and prints how long a row takes.
struct InferenceBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inference", abstract: "Microseconds from one row to its reconstruction, one thread.")

    @Option(help: "A1, A2 or A3.")
    var network = BenchmarkNetwork.a1

    @Option(help: "How often each of the rows goes through.")
    var passes = 3

    @Option(help: "A file to which the weights are written, for peers that compute the same.")
    var weights: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    struct Result: Codable {
        var p50: Double
        var p99: Double
        /// Of all rows together.
        var allocations: UInt64
        /// The mean of all outputs, by which one sees that others compute the same.
        var check: Double
    }

    func validate() throws {
        guard (1...1000).contains(passes) else { throw ValidationError("--passes must be 1 to 1000") }
    }

    func run() throws {
        BLAS.useOneThread()
        let network = try Network(network.architecture)
        let inputs = BenchmarkCase.inputs(rows: self.network.rows, inputWidth: network.inputWidth)
        let parameters = network.initialParameters(seed: 1)
        if let weights { try BenchmarkCase.write(parameters.values, to: weights) }
        let result = measure(network, inputs, parameters)
        guard json else {
            return print(
                "inference \(self.network.rawValue): p50 \(result.p50) µs, p99 \(result.p99) µs a row, "
                    + "\(result.allocations) allocations in all")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        print(String(decoding: try encoder.encode(result), as: UTF8.self))
    }

    private func measure(_ network: Network, _ inputs: Matrix, _ parameters: ParameterVector) -> Result {
        let workspace = Workspace(network: network, maximumBatch: 1)
        let width = network.inputWidth
        var times: [Double] = []
        times.reserveCapacity(inputs.rows * passes)
        var (sum, allocations) = (0.0, UInt64(0))
        inputs.withUnsafeBufferPointer { values in
            // One row before the count begins: the runtime and OpenBLAS set themselves up.
            _ = network.reconstruct(
                UnsafeBufferPointer(rebasing: values[..<width]), rows: 1, parameters: parameters, workspace: workspace)
            let before = linnet_allocation_count()
            for place in 0..<inputs.rows * passes {
                let row = place % inputs.rows
                let x = UnsafeBufferPointer(rebasing: values[row * width..<(row + 1) * width])
                let start = monotonicSeconds()
                let y = network.reconstruct(x, rows: 1, parameters: parameters, workspace: workspace)
                times.append((monotonicSeconds() - start) * 1e6)
                for value in y { sum += Double(value) }
            }
            allocations = linnet_allocation_count() - before
        }
        times.sort()
        return Result(
            p50: times[times.count / 2], p99: times[times.count * 99 / 100], allocations: allocations,
            check: sum / Double(times.count * width))
    }
}
