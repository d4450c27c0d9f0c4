// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import LinnetNumerics

/// Measures Linnet's own side of each benchmark; `Scripts/benchmark` sets the peers beside it.
@main
struct Benchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "linnet-benchmark",
        abstract: "Measures Linnet on this machine; Scripts/benchmark compares it with its peers.",
        subcommands: [
            TrainingBenchmark.self, InferenceBenchmark.self, ProductsBenchmark.self, AggregationBenchmark.self,
            RoundBenchmark.self, MNISTBenchmark.self,
        ])
}

/// The network and the rows that every benchmark of a peer uses too.
enum BenchmarkCase {
    /// Widths 38-32-16-8-16-32-38, ReLU, linear output.
    static let hidden = [32, 16, 8]
    static let inputWidth = 38

    /// Rows that a network of eight bottleneck units can learn: sums of two sines, `[rows, inputWidth]`.
    ///
    /// `peers/workload.py` forms the same numbers.
    static func inputs(rows: Int = 20_000, inputWidth: Int = inputWidth) -> Matrix {
        var values: [Float] = []
        values.reserveCapacity(rows * inputWidth)
        for r in 0..<rows {
            for c in 0..<inputWidth {
                let slow = sine(0.011 * Double(r) + 0.37 * Double(c))
                let fast = sine(0.0031 * Double(r) * Double(1 + c % 5))
                values.append(Float(slow + 0.5 * fast))
            }
        }
        return Matrix(rows: rows, columns: inputWidth, values: values)
    }

    /// Writes numbers to a file as they lie in memory, for peers to read.
    static func write(_ values: [some BitwiseCopyable], to path: String) throws {
        try values.withUnsafeBytes { try Data($0).write(to: URL(filePath: path)) }
    }

    /// - Returns: the middle one of `values`, the lower of two; 0 if there is none.
    static func median(_ values: [Double]) -> Double {
        values.isEmpty ? 0 : values.sorted()[(values.count - 1) / 2]
    }
}
