// SPDX-License-Identifier: Apache-2.0
//
// y what a network put out, t what was wanted, e = y - t. Each kernel writes factor times the derivative by y and
// returns the sum of the losses, added up in Double.

import COpenBLAS
import Glibc

extension Kernels {
    /// Writes `delta = factor * (y - target)`, all `[count]`.
    ///
    /// - Returns: the sum of `(y - target)²`.
    public static func difference(
        _ y: UnsafePointer<Float>, _ target: UnsafePointer<Float>, times factor: Float,
        into delta: UnsafeMutablePointer<Float>, count: Int
    ) -> Double {
        for i in 0..<count { delta[i] = y[i] - target[i] }
        let sum = Double(cblas_sdot(blasint(count), delta, 1, delta, 1))
        for i in 0..<count { delta[i] *= factor }
        return sum
    }

    /// Writes `delta = factor * sign(y - target)`, all `[count]`.
    ///
    /// - Returns: the sum of `|y - target|`.
    public static func absoluteError(
        _ y: UnsafePointer<Float>, _ target: UnsafePointer<Float>, times factor: Float,
        into delta: UnsafeMutablePointer<Float>, count: Int
    ) -> Double {
        var sum = 0.0
        for i in 0..<count {
            let e = y[i] - target[i]
            sum += Double(e < 0 ? -e : e)
            delta[i] = e > 0 ? factor : (e < 0 ? -factor : 0)
        }
        return sum
    }

    /// Writes `factor` times the slope of Huber's loss: e, cut off at `±limit`; all `[count]`.
    ///
    /// - Returns: the sum of `e²/2` where `|e| <= limit`, of `limit (|e| - limit/2)` elsewhere.
    public static func huberError(
        _ y: UnsafePointer<Float>, _ target: UnsafePointer<Float>, delta limit: Float, times factor: Float,
        into delta: UnsafeMutablePointer<Float>, count: Int
    ) -> Double {
        var sum = 0.0
        for i in 0..<count {
            let e = y[i] - target[i]
            let cut = e > limit ? limit : (e < -limit ? -limit : e)
            // cut (e - cut/2) is both forms at once.
            sum += Double(cut * (e - 0.5 * cut))
            delta[i] = factor * cut
        }
        return sum
    }

    /// Writes `factor` times the slope of the binary cross-entropy of logits y, `(1 - t + p t) σ(y) - p t`; all `[count]`.
    ///
    /// - Returns: the sum of `p t log(1 + exp(-y)) + (1 - t) log(1 + exp(y))`, which no logit makes infinite.
    public static func binaryCrossEntropy(
        _ y: UnsafePointer<Float>, _ target: UnsafePointer<Float>, positiveWeight p: Float, times factor: Float,
        into delta: UnsafeMutablePointer<Float>, count: Int
    ) -> Double {
        var sum = 0.0
        for i in 0..<count {
            let t = target[i]
            sum += Double(p * t * softplus(-y[i]) + (1 - t) * softplus(y[i]))
            delta[i] = factor * ((1 - t + p * t) * sigmoid(y[i]) - p * t)
        }
        return sum
    }

    /// Writes `factor` times the slope of the categorical cross-entropy of logits, `softmax(y) sum(w t) - w t` in each
    /// row of `[rows, columns]`.
    ///
    /// - Parameter weights: w `[columns]`; 1 for each if there are none.
    /// - Returns: the sum of `-w t (y - log sum exp(y))`.
    public static func categoricalCrossEntropy(
        _ y: UnsafePointer<Float>, _ target: UnsafePointer<Float>, weights: UnsafePointer<Float>?, times factor: Float,
        into delta: UnsafeMutablePointer<Float>, rows: Int, columns: Int
    ) -> Double {
        softmax(y, into: delta, rows: rows, columns: columns)
        var sum = 0.0
        for r in 0..<rows {
            let (logits, t, share) = (y + r * columns, target + r * columns, delta + r * columns)
            var largest = logits[0]
            for c in 1..<max(1, columns) where logits[c] > largest { largest = logits[c] }
            var exponentials = 0.0
            for c in 0..<columns { exponentials += Double(exp(logits[c] - largest)) }
            let normalizer = log(exponentials) + Double(largest)
            var wanted = 0.0
            for c in 0..<columns {
                let weighted = Double((weights?[c] ?? 1) * t[c])
                sum += weighted * (normalizer - Double(logits[c]))
                wanted += weighted
            }
            for c in 0..<columns { share[c] = factor * (share[c] * Float(wanted) - (weights?[c] ?? 1) * t[c]) }
        }
        return sum
    }
}
