// SPDX-License-Identifier: Apache-2.0
//
// V visible, H hidden.  x [V] in 0...1  W [V,H]  c [H]  b [V]  (Mirsky et al. 2018, section V.B)
//   y = σ(x W + c)      z = σ(y W^T + b)      e = x - z      d = (e W) y (1 - y)
//   W += r (x^T d + e^T y)      c += r d      b += r e
// e is not multiplied by the slope of the output's sigmoid: it is the gradient of the cross-entropy.

import Glibc
import LinnetNumerics

/// A tiny autoencoder that encodes and decodes with the same weights and learns from one row at a time.
struct TiedAutoencoder: Sendable {
    /// Where its values stand in the row.
    let columns: [Int]
    private let hidden: Int
    private(set) var weights: [Float]
    private(set) var hiddenBias: [Float]
    private(set) var visibleBias: [Float]
    /// The least and the greatest value of each column that training has seen.
    private var least: [Float]
    private var most: [Float]

    private var input: [Float]
    private var code: [Float]
    private var output: [Float]
    private var slope: [Float]

    /// Hidden units for each visible one.
    static let ratio = 0.75
    /// A column whose range is smaller counts as constant: its scaled values are 0 and what it moves by.
    static let leastRange: Float = 1e-3

    init(columns: [Int], generator: inout SeededGenerator) {
        self.columns = columns
        let visible = columns.count
        hidden = Int((Self.ratio * Double(visible)).rounded(.up))
        weights = (0..<visible * hidden).map { _ in Float((2 * generator.uniform() - 1) / Double(visible)) }
        hiddenBias = [Float](repeating: 0, count: hidden)
        visibleBias = [Float](repeating: 0, count: visible)
        least = [Float](repeating: .infinity, count: visible)
        most = [Float](repeating: -.infinity, count: visible)
        input = visibleBias
        code = hiddenBias
        output = visibleBias
        slope = hiddenBias
    }

    /// The numbers that were learned.
    var valueCount: Int { weights.count + hidden + 3 * columns.count }

    /// The root mean squared error of a row after scaling; values outside the range seen in training are not cut off.
    mutating func error(_ row: UnsafeBufferPointer<Float>) -> Double {
        read(row)
        run()
        return rootMeanSquare()
    }

    /// Widens the ranges to a row and takes one step along its gradient.
    ///
    /// - Returns: the error before the step.
    mutating func learn(_ row: UnsafeBufferPointer<Float>, rate: Float) -> Double {
        for (i, column) in columns.enumerated() {
            least[i] = min(least[i], row[column])
            most[i] = max(most[i], row[column])
        }
        read(row)
        run()
        let error = rootMeanSquare()
        for h in 0..<hidden { slope[h] = 0 }
        for v in columns.indices {
            let e = input[v] - output[v]
            for h in 0..<hidden { slope[h] += e * weights[v * hidden + h] }
        }
        for h in 0..<hidden { slope[h] *= code[h] * (1 - code[h]) }
        for v in columns.indices {
            let e = input[v] - output[v]
            for h in 0..<hidden { weights[v * hidden + h] += rate * (input[v] * slope[h] + e * code[h]) }
            visibleBias[v] += rate * e
        }
        for h in 0..<hidden { hiddenBias[h] += rate * slope[h] }
        return error
    }

    private mutating func read(_ row: UnsafeBufferPointer<Float>) {
        for (i, column) in columns.enumerated() {
            let range = most[i] - least[i]
            input[i] = (row[column] - least[i]) / (range < Self.leastRange ? 1 : range)
        }
    }

    private mutating func run() {
        for h in 0..<hidden { code[h] = hiddenBias[h] }
        for v in columns.indices {
            for h in 0..<hidden { code[h] += input[v] * weights[v * hidden + h] }
        }
        for h in 0..<hidden { code[h] = Kernels.sigmoid(code[h]) }
        for v in columns.indices {
            var sum = visibleBias[v]
            for h in 0..<hidden { sum += code[h] * weights[v * hidden + h] }
            output[v] = Kernels.sigmoid(sum)
        }
    }

    private func rootMeanSquare() -> Double {
        var sum = 0.0
        for i in input.indices {
            let e = Double(input[i] - output[i])
            sum += e * e
        }
        return (sum / Double(max(1, input.count))).squareRoot()
    }
}
