// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The slow, plain twin of every kernel: what it means, in Double, one element at a time.
///
/// Tests hold the kernels against it; nothing else calls it.
package enum Reference {
    /// - Returns: `x W^T`, `[B,O]`.
    package static func multiply(
        _ x: [Float], byTransposed w: [Float], rows: Int, inputs: Int, outputs: Int
    ) -> [Double] {
        table(rows, outputs) { b, o in sum(inputs) { i in Double(x[b * inputs + i]) * Double(w[o * inputs + i]) } }
    }

    /// - Returns: `dy W`, `[B,I]`.
    package static func multiply(_ dy: [Float], by w: [Float], rows: Int, inputs: Int, outputs: Int) -> [Double] {
        table(rows, inputs) { b, i in sum(outputs) { o in Double(dy[b * outputs + o]) * Double(w[o * inputs + i]) } }
    }

    /// - Returns: `dy^T x`, `[O,I]`.
    package static func multiply(
        transposed dy: [Float], by x: [Float], rows: Int, inputs: Int, outputs: Int
    ) -> [Double] {
        table(outputs, inputs) { o, i in sum(rows) { b in Double(dy[b * outputs + o]) * Double(x[b * inputs + i]) } }
    }

    /// - Returns: `y + factor * x`.
    package static func axpy(_ factor: Float, _ x: [Float], _ y: [Float]) -> [Double] {
        zip(x, y).map { Double($1) + Double(factor) * Double($0) }
    }

    /// - Returns: `y + factor * (a - b)`.
    package static func addDifference(_ a: [Float], _ b: [Float], times factor: Float, to y: [Float]) -> [Double] {
        y.indices.map { Double(y[$0]) + Double(factor) * (Double(a[$0]) - Double(b[$0])) }
    }

    /// - Returns: the scalar product of `x` and `y`.
    package static func dot(_ x: [Float], _ y: [Float]) -> Double {
        sum(x.count) { Double(x[$0]) * Double(y[$0]) }
    }

    /// - Returns: the sum of each column of `x` `[rows, columns]`.
    package static func columnSums(_ x: [Float], rows: Int, columns: Int) -> [Double] {
        (0..<columns).map { c in sum(rows) { r in Double(x[r * columns + c]) } }
    }

    /// - Returns: `f(y + b)` for every row of `y` `[rows, columns]`.
    package static func addBias(_ b: [Float], to y: [Float], columns: Int, then f: (Double) -> Double) -> [Double] {
        y.indices.map { f(Double(y[$0]) + Double(b[$0 % columns])) }
    }

    /// - Returns: `z` where it is above zero, else 0.
    package static func relu(_ z: Double) -> Double { z > 0 ? z : 0 }

    /// - Returns: the hyperbolic tangent of `z`.
    package static func tanh(_ z: Double) -> Double { Glibc.tanh(z) }

    /// - Returns: `e` to the power of `z`.
    package static func exp(_ z: Double) -> Double { Glibc.exp(z) }

    /// - Returns: `1 / (1 + exp(-z))`.
    package static func sigmoid(_ z: Double) -> Double { 1 / (1 + exp(-z)) }

    /// - Returns: `z` above zero, else `z / 100`.
    package static func leakyReLU(_ z: Double) -> Double { z > 0 ? z : z / 100 }

    /// - Returns: `z` above zero, else `exp(z) - 1`.
    package static func elu(_ z: Double) -> Double { z > 0 ? z : expm1(z) }

    /// - Returns: `log(1 + exp(z))`.
    package static func softplus(_ z: Double) -> Double { max(z, 0) + log1p(exp(-abs(z))) }

    /// - Returns: the share of a standard normal variable that lies below `z`.
    package static func normalDistribution(_ z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }

    /// - Returns: `z Φ(z)`.
    package static func gelu(_ z: Double) -> Double { z * normalDistribution(z) }

    /// - Returns: real and imaginary parts of `Σ x_n e^(-2πi k n / N)` for k = 0 ... N/2.
    package static func fourierTransform(_ x: [Float]) -> [(real: Double, imaginary: Double)] {
        (0...x.count / 2).map { k in
            let angle = 2 * Double.pi * Double(k) / Double(max(1, x.count))
            return (
                sum(x.count) { Double(x[$0]) * Glibc.cos(angle * Double($0)) },
                sum(x.count) { -Double(x[$0]) * Glibc.sin(angle * Double($0)) }
            )
        }
    }

    private static func sum(_ count: Int, _ term: (Int) -> Double) -> Double {
        (0..<count).reduce(0) { $0 + term($1) }
    }

    private static func table(_ rows: Int, _ columns: Int, _ element: (Int, Int) -> Double) -> [Double] {
        (0..<rows).flatMap { r in (0..<columns).map { c in element(r, c) } }
    }
}
