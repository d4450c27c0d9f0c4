// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LinnetNN
import LinnetNumerics

/// Reconstructs one row at a time and prints how long a row takes.
struct InferenceBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inference", abstract: "Microseconds from one row to its reconstruction, one thread.")

    func run() throws {
        BLAS.useOneThread()
        let network = try Network(
            .denseAutoencoder(
                inputWidth: BenchmarkCase.inputWidth, hidden: BenchmarkCase.hidden, activation: .relu))
        let inputs = BenchmarkCase.inputs()
        let parameters = network.initialParameters(seed: 1)
        let workspace = Workspace(network: network, maximumBatch: 1)
        let width = network.inputWidth
        var times: [Double] = []
        times.reserveCapacity(inputs.rows)
        var sum: Float = 0
        inputs.withUnsafeBufferPointer { values in
            for row in 0..<inputs.rows {
                let x = UnsafeBufferPointer(rebasing: values[row * width..<(row + 1) * width])
                let start = monotonicSeconds()
                let y = network.reconstruct(x, rows: 1, parameters: parameters, workspace: workspace)
                times.append((monotonicSeconds() - start) * 1e6)
                sum += y[0]
            }
        }
        times.sort()
        let p50 = times[times.count / 2]
        let p99 = times[times.count * 99 / 100]
        print("inference: p50 \(p50) µs, p99 \(p99) µs a row (outputs sum up to \(sum))")
    }
}
