// SPDX-License-Identifier: Apache-2.0
//
// Legend: B rows, I inputs, O outputs.  x [B,I]  W [O,I]  y [B,O]. Rows need not lie side by side: a stride is the
// number of Floats from the start of one row to the start of the next, as between the same step of neighbouring windows.

import COpenBLAS

extension Kernels {
    /// Adds `x W^T` to `y`, or writes it there.
    public static func multiply(
        _ x: UnsafePointer<Float>, stride xStride: Int, byTransposed w: UnsafePointer<Float>,
        into y: UnsafeMutablePointer<Float>, stride yStride: Int, adding: Bool, rows: Int, inputs: Int, outputs: Int
    ) {
        let beta: Float = adding ? 1 : 0
        if rows == 1 {
            cblas_sgemv(
                CblasRowMajor, CblasNoTrans, blasint(outputs), blasint(inputs), 1, w, blasint(inputs), x, 1, beta, y, 1)
        } else {
            cblas_sgemm(
                CblasRowMajor, CblasNoTrans, CblasTrans, blasint(rows), blasint(outputs), blasint(inputs),
                1, x, blasint(xStride), w, blasint(inputs), beta, y, blasint(yStride))
        }
    }

    /// Adds `dy W` to `dx`, or writes it there; the rows of dx lie side by side.
    public static func multiply(
        _ dy: UnsafePointer<Float>, stride: Int, by w: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>,
        adding: Bool, rows: Int, inputs: Int, outputs: Int
    ) {
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(rows), blasint(inputs), blasint(outputs),
            1, dy, blasint(stride), w, blasint(inputs), adding ? 1 : 0, dx, blasint(inputs))
    }

    /// Writes `dW = dy^T x`; the rows of x lie side by side.
    public static func multiply(
        transposed dy: UnsafePointer<Float>, stride: Int, by x: UnsafePointer<Float>,
        into dw: UnsafeMutablePointer<Float>, rows: Int, inputs: Int, outputs: Int
    ) {
        cblas_sgemm(
            CblasRowMajor, CblasTrans, CblasNoTrans, blasint(outputs), blasint(inputs), blasint(rows),
            1, dy, blasint(stride), x, blasint(inputs), 0, dw, blasint(inputs))
    }
}
