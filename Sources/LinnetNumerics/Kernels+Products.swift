// SPDX-License-Identifier: Apache-2.0
//
// Legend: B rows, I inputs, O outputs.  x [B,I]  W [O,I]  y [B,O]. Rows need not lie side by side: a stride is the number
// of Floats from the start of one row to the start of the next, as between the same step of neighbouring windows.

import CKernels
import COpenBLAS

extension Kernels {
    /// Writes `y = x W^T`: x `[B,I]`, W `[O,I]`, y `[B,O]`.
    public static func multiply(
        _ x: UnsafePointer<Float>, byTransposed w: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>,
        rows: Int, inputs: Int, outputs: Int
    ) {
        multiply(
            x, stride: inputs, byTransposed: w, into: y, stride: outputs, adding: false, rows: rows, inputs: inputs,
            outputs: outputs)
    }

    /// Writes `dx = dy W`: dy `[B,O]`, W `[O,I]`, dx `[B,I]`. It is what `multiply(_:byTransposed:)` gives x back.
    public static func multiply(
        _ dy: UnsafePointer<Float>, by w: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>,
        rows: Int, inputs: Int, outputs: Int
    ) {
        multiply(dy, stride: outputs, by: w, into: dx, adding: false, rows: rows, inputs: inputs, outputs: outputs)
    }

    /// Writes `dW = dy^T x`: dy `[B,O]`, x `[B,I]`, dW `[O,I]`. It is what `multiply(_:byTransposed:)` gives W back.
    public static func multiply(
        transposed dy: UnsafePointer<Float>, by x: UnsafePointer<Float>, into dw: UnsafeMutablePointer<Float>,
        rows: Int, inputs: Int, outputs: Int
    ) {
        multiply(transposed: dy, stride: outputs, by: x, into: dw, rows: rows, inputs: inputs, outputs: outputs)
    }

    /// Adds `x W^T` to `y`, or writes it there.
    public static func multiply(
        _ x: UnsafePointer<Float>, stride xStride: Int, byTransposed w: UnsafePointer<Float>,
        into y: UnsafeMutablePointer<Float>, stride yStride: Int, adding: Bool, rows: Int, inputs: Int, outputs: Int
    ) {
        switch (isOwn(inputs, outputs), rows) {
        case (true, 1): linnet_multiply_row(x, w, inputs, outputs, adding ? UnsafePointer(y) : nil, -.infinity, y)
        case (true, _):
            linnet_multiply(x, xStride, 1, w, inputs, 1, rows, inputs, outputs, y, yStride, adding ? 1 : 0)
        case (false, 1):
            cblas_sgemv(
                CblasRowMajor, CblasNoTrans, blasint(outputs), blasint(inputs), 1, w, blasint(inputs), x, 1,
                adding ? 1 : 0, y, 1)
        case (false, _):
            cblas_sgemm(
                CblasRowMajor, CblasNoTrans, CblasTrans, blasint(rows), blasint(outputs), blasint(inputs),
                1, x, blasint(xStride), w, blasint(inputs), adding ? 1 : 0, y, blasint(yStride))
        }
    }

    /// Adds `dy W` to `dx`, or writes it there; the rows of dx lie side by side.
    public static func multiply(
        _ dy: UnsafePointer<Float>, stride: Int, by w: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>,
        adding: Bool, rows: Int, inputs: Int, outputs: Int
    ) {
        if isOwn(outputs, inputs) {
            linnet_multiply(dy, stride, 1, w, inputs, 0, rows, outputs, inputs, dx, inputs, adding ? 1 : 0)
        } else {
            cblas_sgemm(
                CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(rows), blasint(inputs), blasint(outputs),
                1, dy, blasint(stride), w, blasint(inputs), adding ? 1 : 0, dx, blasint(inputs))
        }
    }

    /// Writes `dW = dy^T x`; the rows of x lie side by side.
    public static func multiply(
        transposed dy: UnsafePointer<Float>, stride: Int, by x: UnsafePointer<Float>,
        into dw: UnsafeMutablePointer<Float>, rows: Int, inputs: Int, outputs: Int
    ) {
        if isOwn(rows, inputs) {
            linnet_multiply(dy, 1, stride, x, inputs, 0, outputs, rows, inputs, dw, inputs, 0)
        } else {
            cblas_sgemm(
                CblasRowMajor, CblasTrans, CblasNoTrans, blasint(outputs), blasint(inputs), blasint(rows),
                1, dy, blasint(stride), x, blasint(inputs), 0, dw, blasint(inputs))
        }
    }

    /// Writes `y = x W^T + b`, for a single row: x `[I]`, W `[O,I]`, b and y `[O]`.
    ///
    /// - Parameter rectified: whether what is below zero becomes zero.
    public static func affine(
        _ x: UnsafePointer<Float>, byTransposed w: UnsafePointer<Float>, plus b: UnsafePointer<Float>,
        into y: UnsafeMutablePointer<Float>, inputs: Int, outputs: Int, rectified: Bool
    ) {
        if isOwn(inputs, outputs) {
            linnet_multiply_row(x, w, inputs, outputs, b, rectified ? 0 : -.infinity, y)
        } else {
            y.update(from: b, count: outputs)
            cblas_sgemv(
                CblasRowMajor, CblasNoTrans, blasint(outputs), blasint(inputs), 1, w, blasint(inputs), x, 1, 1, y, 1)
            if rectified { map(y, into: y, count: outputs) { relu($0) } }
        }
    }

    private static let hasWideVectors = linnet_has_wide_vectors() != 0

    /// Up to where Linnet's own product is the faster one: beyond, it lacks the outer blocks that OpenBLAS has. Measured
    /// by `linnet-benchmark products`: twice as fast as OpenBLAS's kernels for 256-bit vectors everywhere, and as fast as
    /// those for 512-bit ones at 512 x 512.
    private static let largestOwn = 512

    private static func isOwn(_ depth: Int, _ columns: Int) -> Bool {
        min(depth, columns) <= largestOwn && depth > 0 && hasWideVectors
    }
}
