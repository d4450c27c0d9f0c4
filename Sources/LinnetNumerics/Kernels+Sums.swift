// SPDX-License-Identifier: Apache-2.0

import CKernels

extension Kernels {
    /// Adds weighted rows to `sums`, one row after the other: sums `[columns]`, rows `[weights.count][columns]`.
    public static func addWeighted(
        _ rows: UnsafeBufferPointer<UnsafePointer<Float>?>, weights: UnsafeBufferPointer<Double>,
        to sums: UnsafeMutablePointer<Double>, columns: Int
    ) {
        precondition(rows.count == weights.count, "\(rows.count) rows need as many weights, got \(weights.count)")
        linnet_add_weighted(sums, rows.baseAddress, weights.baseAddress, rows.count, columns)
    }

    /// The same, and writes the squared distance of each row from `base` `[columns]` into `squares` `[rows]`: NaN or
    /// infinite exactly where an element is.
    public static func addWeighted(
        _ rows: UnsafeBufferPointer<UnsafePointer<Float>?>, weights: UnsafeBufferPointer<Double>,
        to sums: UnsafeMutablePointer<Double>, columns: Int, measuredFrom base: UnsafePointer<Float>,
        into squares: UnsafeMutablePointer<Double>
    ) {
        precondition(rows.count == weights.count, "\(rows.count) rows need as many weights, got \(weights.count)")
        linnet_add_measured(
            sums, rows.baseAddress, weights.baseAddress, rows.count, columns, base, squares)
    }

    /// - Returns: the squared distance of two vectors of the same count, in Double, where squares of Floats never
    ///   overflow; NaN or infinite exactly where an element is.
    public static func squaredDistance(_ a: UnsafeBufferPointer<Float>, _ b: UnsafeBufferPointer<Float>) -> Double {
        precondition(a.count == b.count, "a distance of \(a.count) and \(b.count) elements")
        return linnet_squared_distance(a.baseAddress, b.baseAddress, a.count)
    }
}
