// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import COpenBLAS
import LinnetNumerics

/// Multiplies matrices of the sizes that networks have, by Linnet's kernels and by OpenBLAS, to see where they cross over.
struct ProductsBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "products", abstract: "GFLOP/s of y = x W^T by Linnet's kernels and by OpenBLAS, one thread.")

    private static let rows = [1, 32, 128]
    private static let sizes = [
        (4, 16), (8, 16), (38, 32), (100, 400), (128, 512), (512, 128), (256, 256), (512, 512), (768, 768),
        (1024, 1024),
    ]

    func run() {
        BLAS.useOneThread()
        print("  rows     I     O       Linnet     OpenBLAS")
        for rows in Self.rows {
            for (inputs, outputs) in Self.sizes { measure(rows, inputs, outputs) }
        }
    }

    private func measure(_ rows: Int, _ inputs: Int, _ outputs: Int) {
        let (x, w) = (numbers(rows * inputs), numbers(outputs * inputs))
        var y = [Float](repeating: 0, count: rows * outputs)
        let work = 2e-9 * Double(rows) * Double(inputs) * Double(outputs)
        let repeats = max(1, Int(0.01 / work))
        let own = best(repeats) {
            Kernels.multiply(x, byTransposed: w, into: &y, rows: rows, inputs: inputs, outputs: outputs)
        }
        let (m, n, k) = (blasint(rows), blasint(outputs), blasint(inputs))
        let other = best(repeats) {
            if rows == 1 {
                cblas_sgemv(CblasRowMajor, CblasNoTrans, n, k, 1, w, k, x, 1, 0, &y, 1)
            } else {
                cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1, x, k, w, k, 0, &y, n)
            }
        }
        let columns = [rows, inputs, outputs].map { pad("\($0)", 6) } + [own, other].map { speed(work / $0) }
        print(columns.joined())
    }

    /// - Returns: the shortest of five times, of one call.
    private func best(_ repeats: Int, _ body: () -> Void) -> Double {
        (0..<5).map { _ in
            let start = monotonicSeconds()
            for _ in 0..<repeats { body() }
            return (monotonicSeconds() - start) / Double(repeats)
        }.min() ?? .nan
    }

    private func numbers(_ count: Int) -> [Float] {
        var generator = SeededGenerator(seed: 1)
        return (0..<count).map { _ in Float(generator.uniform() - 0.5) }
    }

    private func speed(_ value: Double) -> String { pad("\((value * 10).rounded() / 10)", 13) }

    private func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
