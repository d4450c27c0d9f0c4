// SPDX-License-Identifier: Apache-2.0
//
// Each kernel has a slow twin of the same name in `Reference`, and a test that compares the two over odd shapes.

/// The few loops in which training and inference spend their time, over raw memory.
///
/// None allocates, none checks its pointers: callers own the shapes. Plain loops over memory that does not overlap are
/// written so that the compiler turns them into vector instructions; the hottest are in CKernels, for several generations
/// of processors; large products go to OpenBLAS.
public enum Kernels {
    /// Adds `factor * x` to `y`; both have the same count.
    public static func axpy(_ factor: Float, _ x: UnsafeBufferPointer<Float>, _ y: UnsafeMutableBufferPointer<Float>) {
        precondition(x.count == y.count, "axpy of \(x.count) and \(y.count) elements")
        guard let from = x.baseAddress, let to = y.baseAddress else { return }
        for i in 0..<x.count { to[i] += factor * from[i] }
    }

    /// Adds `factor * (a - b)` to `y`; all have the same count.
    ///
    /// The difference comes first: `factor * a - factor * b` would drown a small one in rounding.
    public static func addDifference(
        _ a: UnsafeBufferPointer<Float>, _ b: UnsafeBufferPointer<Float>, times factor: Float,
        to y: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(a.count == y.count && b.count == y.count, "\(a.count), \(b.count) and \(y.count) elements")
        guard let a = a.baseAddress, let b = b.baseAddress, let sum = y.baseAddress else { return }
        for i in 0..<y.count { sum[i] += factor * (a[i] - b[i]) }
    }

    /// - Returns: the scalar product of `x` and `y`, which have the same count, summed up in Double.
    public static func dot(_ x: UnsafeBufferPointer<Float>, _ y: UnsafeBufferPointer<Float>) -> Double {
        precondition(x.count == y.count, "dot of \(x.count) and \(y.count) elements")
        guard let a = x.baseAddress, let b = y.baseAddress else { return 0 }
        // Four running sums: additions of one sum would each wait for the one before.
        var s0 = 0.0
        var s1 = 0.0
        var s2 = 0.0
        var s3 = 0.0
        var i = 0
        while i + 4 <= x.count {
            s0 += Double(a[i]) * Double(b[i])
            s1 += Double(a[i + 1]) * Double(b[i + 1])
            s2 += Double(a[i + 2]) * Double(b[i + 2])
            s3 += Double(a[i + 3]) * Double(b[i + 3])
            i += 4
        }
        while i < x.count {
            s0 += Double(a[i]) * Double(b[i])
            i += 1
        }
        return (s0 + s1) + (s2 + s3)
    }

    /// - Returns: the sum of the squares of `x`, in Double.
    public static func sumOfSquares(_ x: UnsafeBufferPointer<Float>) -> Double { dot(x, x) }

    /// - Returns: whether no element of `x` is NaN or infinite.
    public static func isFinite(_ x: UnsafeBufferPointer<Float>) -> Bool {
        guard let values = x.baseAddress else { return true }
        // Without an early exit the loop is a few vector instructions; the exponent is all ones in NaN and infinity.
        var found: UInt32 = 0
        for i in 0..<x.count {
            found |= values[i].bitPattern & 0x7f80_0000 == 0x7f80_0000 ? 1 : 0
        }
        return found == 0
    }

    /// Writes the sum of each column of `x` `[rows, columns]` into `sums` `[columns]`.
    public static func columnSums(
        _ x: UnsafePointer<Float>, into sums: UnsafeMutablePointer<Float>, rows: Int, columns: Int
    ) {
        sums.update(repeating: 0, count: columns)
        for r in 0..<rows {
            let row = x + r * columns
            for c in 0..<columns { sums[c] += row[c] }
        }
    }

    /// Cuts every element of `x` off at `±limit`; NaN stays NaN.
    public static func clip(_ x: UnsafeMutableBufferPointer<Float>, to limit: Float) {
        guard let values = x.baseAddress else { return }
        for i in 0..<x.count {
            let value = values[i]
            values[i] = value > limit ? limit : (value < -limit ? -limit : value)
        }
    }

    /// Multiplies every element of `x` by `factor`.
    public static func scale(_ x: UnsafeMutableBufferPointer<Float>, by factor: Float) {
        guard let values = x.baseAddress else { return }
        for i in 0..<x.count { values[i] *= factor }
    }
}
