// SPDX-License-Identifier: Apache-2.0
//
// Functions of one number that the compiler turns into vector instructions when a loop calls them: no call into the C
// library, no branch. Comparisons are written so that NaN goes through: a broken weight must show in the loss, not hide
// behind a clamp.

extension Kernels {
    /// - Returns: `max(0, z)`.
    @inlinable @inline(__always)
    public static func relu(_ z: Float) -> Float { z < 0 ? 0 : z }

    /// - Returns: `z` above zero, `0.01 z` below (Maas, Hannun and Ng 2013); Keras takes 0.3, PyTorch 0.01.
    @inlinable @inline(__always)
    public static func leakyReLU(_ z: Float) -> Float { z < 0 ? 0.01 * z : z }

    /// - Returns: `z` above zero, `exp(z) - 1` below (Clevert et al. 2016, α = 1), within 1e-6.
    ///
    /// `exp(z) - 1 = 2t / (1 - t)` with `t = tanh(z/2)`, which does not cancel near zero.
    @inlinable @inline(__always)
    public static func elu(_ z: Float) -> Float {
        let t = tanh(0.5 * (z > 0 ? 0 : z))
        return z > 0 ? z : 2 * t / (1 - t)
    }

    /// - Returns: `1 / (1 + exp(-z))`, within 3e-7.
    @inlinable @inline(__always)
    public static func sigmoid(_ z: Float) -> Float { 0.5 + 0.5 * tanh(0.5 * z) }

    /// - Returns: `log(1 + exp(z))`, within 3e-7 relatively to numbers above 1; `z` itself where that is large.
    ///
    /// `max(z, 0) + log(1 + u)` with `u = exp(-|z|)` in (0, 1], and `log(1 + u) = 2 artanh(u / (2 + u))` as a series.
    @inlinable @inline(__always)
    public static func softplus(_ z: Float) -> Float {
        let u = exp(z < 0 ? z : -z)
        let s = u / (2 + u)
        let s2 = s * s
        var p: Float = 1 / 13
        p = p * s2 + 1 / 11
        p = p * s2 + 1 / 9
        p = p * s2 + 1 / 7
        p = p * s2 + 1 / 5
        p = p * s2 + 1 / 3
        p = p * s2 + 1
        return relu(z) + 2 * s * p
    }

    /// - Returns: `z Φ(z)`, Φ being the normal distribution function (Hendrycks and Gimpel 2016), within 1e-6; the exact
    ///   form, which is the default of PyTorch and Keras, not the one with a hyperbolic tangent.
    @inlinable @inline(__always)
    public static func gelu(_ z: Float) -> Float { z * normalDistribution(z) }

    /// - Returns: the slope of ``gelu(_:)`` at `z`, `Φ(z) + z φ(z)`.
    @inlinable @inline(__always)
    public static func geluSlope(_ z: Float) -> Float {
        normalDistribution(z) + z * 0.398_942_3 * exp(-0.5 * z * z)
    }

    /// - Returns: the share of a standard normal variable that lies below `z`, within 4e-7 (Abramowitz and Stegun 1964,
    ///   7.1.26).
    @inlinable @inline(__always)
    public static func normalDistribution(_ z: Float) -> Float {
        let x = 0.707_106_77 * (z < 0 ? -z : z)
        let t = 1 / (1 + 0.327_591_1 * x)
        var p: Float = 1.061_405_4
        p = p * t - 1.453_152
        p = p * t + 1.421_413_7
        p = p * t - 0.284_496_74
        p = p * t + 0.254_829_6
        let tail = 0.5 * p * t * exp(-x * x)
        return z < 0 ? tail : 1 - tail
    }

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

    /// - Returns: `e` to the power of `z`, within 3e-7 relatively between -87 and 88; beyond, its value there.
    ///
    /// `2^n e^r` with n whole and `|r| <= ln 2 / 2`; e^r is its Taylor polynomial of degree 7. Adding 1.5 * 2²³ rounds
    /// to a whole number and leaves n in the lowest bits, from where it is added to the exponent.
    @inlinable @inline(__always)
    public static func exp(_ z: Float) -> Float {
        let x = z > 88 ? 88 : (z < -87 ? -87 : z)
        let shifted = x * 1.442_695 + 12_582_912
        let n = shifted - 12_582_912
        let r = (x - n * 0.693_359_4) + n * 2.121_944_4e-4
        var p: Float = 1 / 5040
        p = p * r + 1 / 720
        p = p * r + 1 / 120
        p = p * r + 1 / 24
        p = p * r + 1 / 6
        p = p * r + 0.5
        p = p * r + 1
        p = p * r + 1
        let power = Float(bitPattern: p.bitPattern &+ (shifted.bitPattern &<< 23))
        // Adding to the exponent may turn NaN into a number; x - x is zero for every number but NaN.
        return power + (x - x)
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
