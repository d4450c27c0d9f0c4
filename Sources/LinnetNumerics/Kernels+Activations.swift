// SPDX-License-Identifier: Apache-2.0
//
// Forward: y = f(y + b) in place, y [rows, columns], b [columns].
// Backward: delta = delta * f'(z) in place, where f' is told from f's own output y, so z need not be kept.
// The function is inlined into the loop, which the compiler then turns into vector instructions.

extension Kernels {
    /// Adds bias `b` `[columns]` to every row of `y` `[rows, columns]`.
    public static func addBias(
        _ b: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, rows: Int, columns: Int
    ) {
        addBias(b, to: y, rows: rows, columns: columns) { $0 }
    }

    /// Writes `y = f(y + b)` for every row of `y` `[rows, columns]`, b `[columns]`.
    @inlinable @inline(__always)
    public static func addBias(
        _ b: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, rows: Int, columns: Int, then f: (Float) -> Float
    ) {
        for r in 0..<rows {
            let row = y + r * columns
            for c in 0..<columns { row[c] = f(row[c] + b[c]) }
        }
    }

    /// Writes `y = f(x)`, both `[count]`; they may be the same memory.
    @inlinable @inline(__always)
    public static func map(
        _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int, _ f: (Float) -> Float
    ) {
        for i in 0..<count { y[i] = f(x[i]) }
    }

    /// Writes `delta = delta * slope(y)`, both `[count]`.
    @inlinable @inline(__always)
    public static func multiply(
        _ delta: UnsafeMutablePointer<Float>, bySlopeAt y: UnsafePointer<Float>, count: Int,
        _ slope: (Float) -> Float
    ) {
        // A product, not a choice between two values: the choice becomes a branch that is guessed wrong half the time.
        for i in 0..<count { delta[i] *= slope(y[i]) }
    }

    /// Turns every row of `x` `[rows, columns]` into shares that add up to one, `y = exp(x) / sum(exp(x))`.
    public static func softmax(
        _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, rows: Int, columns: Int
    ) {
        for r in 0..<rows {
            let (from, to) = (x + r * columns, y + r * columns)
            var largest = from[0]
            for c in 1..<max(1, columns) where !(from[c] <= largest) { largest = from[c] }
            for c in 0..<columns { to[c] = exp(from[c] - largest) }
            var sum = 0.0
            for c in 0..<columns { sum += Double(to[c]) }
            let factor = Float(1 / sum)
            for c in 0..<columns { to[c] *= factor }
        }
    }

    /// Passes `delta` back through a softmax: `delta = y (delta - sum(delta y))` in each row of `[rows, columns]`.
    public static func multiplyBySoftmaxSlope(
        _ delta: UnsafeMutablePointer<Float>, output y: UnsafePointer<Float>, rows: Int, columns: Int
    ) {
        for r in 0..<rows {
            let (d, share) = (delta + r * columns, y + r * columns)
            var mean = 0.0
            for c in 0..<columns { mean += Double(d[c]) * Double(share[c]) }
            let shift = Float(mean)
            for c in 0..<columns { d[c] = share[c] * (d[c] - shift) }
        }
    }
}
