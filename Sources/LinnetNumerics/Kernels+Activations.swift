// SPDX-License-Identifier: Apache-2.0
//
// Forward: y = f(y + b) in place, y [rows, columns], b [columns].
// Backward: delta = delta * f'(z) in place, where f' is told from f's own output y, so z need not be kept.
// Comparisons are written so that NaN goes through: a broken weight must show in the loss, not hide behind a clamp.

extension Kernels {
    // MARK: - Bias and activation in one pass

    /// Adds bias `b` `[columns]` to every row of `y` `[rows, columns]`.
    public static func addBias(
        _ b: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, rows: Int, columns: Int
    ) {
        for r in 0..<rows {
            let row = y + r * columns
            for c in 0..<columns { row[c] += b[c] }
        }
    }

    /// Adds bias `b` to every row of `y` and cuts off what is below zero (ReLU).
    public static func addBiasReLU(
        _ b: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, rows: Int, columns: Int
    ) {
        for r in 0..<rows {
            let row = y + r * columns
            for c in 0..<columns {
                let z = row[c] + b[c]
                row[c] = z < 0 ? 0 : z
            }
        }
    }

    /// Adds bias `b` to every row of `y` and takes the hyperbolic tangent.
    public static func addBiasTanh(
        _ b: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, rows: Int, columns: Int
    ) {
        for r in 0..<rows {
            let row = y + r * columns
            for c in 0..<columns { row[c] = tanh(row[c] + b[c]) }
        }
    }

    /// Adds bias `b` to every row of `y` and takes the logistic function `1 / (1 + exp(-z))`.
    public static func addBiasSigmoid(
        _ b: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, rows: Int, columns: Int
    ) {
        for r in 0..<rows {
            let row = y + r * columns
            for c in 0..<columns { row[c] = 0.5 + 0.5 * tanh(0.5 * (row[c] + b[c])) }
        }
    }

    // MARK: - Derivatives

    /// Multiplies `delta` by ReLU's slope: 1 where its output `y` is above zero, else 0; all `[count]`.
    public static func multiplyByReLUSlope(
        _ delta: UnsafeMutablePointer<Float>, output y: UnsafePointer<Float>, count: Int
    ) {
        // A product, not a choice between two values: the choice becomes a branch that is guessed wrong half the time.
        for i in 0..<count { delta[i] *= y[i] > 0 ? 1 : 0 }
    }

    /// Multiplies `delta` by the hyperbolic tangent's slope, `1 - y²`; all `[count]`.
    public static func multiplyByTanhSlope(
        _ delta: UnsafeMutablePointer<Float>, output y: UnsafePointer<Float>, count: Int
    ) {
        for i in 0..<count { delta[i] *= 1 - y[i] * y[i] }
    }

    /// Multiplies `delta` by the logistic function's slope, `y (1 - y)`; all `[count]`.
    public static func multiplyBySigmoidSlope(
        _ delta: UnsafeMutablePointer<Float>, output y: UnsafePointer<Float>, count: Int
    ) {
        for i in 0..<count { delta[i] *= y[i] * (1 - y[i]) }
    }

    // MARK: - Functions that vectorise

    /// - Returns: the hyperbolic tangent of `z`, within 5e-7 of the true value.
    ///
    /// A quotient of two polynomials of degree 13 and 6, as in Eigen (`generic_fast_tanh_float`). The C library's
    /// function cannot be vectorised and made training with tanh several times slower than with ReLU.
    @inlinable @inline(__always)
    public static func tanh(_ z: Float) -> Float {
        let x = z > 7.905_311 ? 7.905_311 : (z < -7.905_311 ? -7.905_311 : z)
        let x2 = x * x
        var p: Float = -2.760_768_5e-16
        p = p * x2 + 2.000_188e-13
        p = p * x2 + -8.604_672e-11
        p = p * x2 + 5.122_297_1e-08
        p = p * x2 + 1.485_722_4e-05
        p = p * x2 + 6.372_619_3e-04
        p = p * x2 + 4.893_525e-03
        var q: Float = 1.198_258_4e-06
        q = q * x2 + 1.185_347_1e-04
        q = q * x2 + 2.268_434_6e-03
        q = q * x2 + 4.893_525e-03
        return x * p / q
    }
    /// - Returns: the square root of `x`, which is not negative, within 3e-7 relatively; for `x` below 1e-38 just
    ///   something below 1e-18.
    ///
    /// `Float.squareRoot` may set `errno` on Linux, so the compiler calls it element by element, which took a third of
    /// a training step. This is a guess from the exponent (Lomont 2003), three Newton steps towards 1/√x, times x.
    @inlinable @inline(__always)
    public static func squareRoot(_ x: Float) -> Float {
        let half = 0.5 * x
        var y = Float(bitPattern: 0x5f37_59df &- (x.bitPattern &>> 1))
        y *= 1.5 - half * y * y
        y *= 1.5 - half * y * y
        y *= 1.5 - half * y * y
        return x * y
    }
}
