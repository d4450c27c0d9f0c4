// SPDX-License-Identifier: Apache-2.0

import COpenBLAS

extension Kernels {
    /// Adds `X X^T` to the upper triangle of `gram`: X `[rows,columns]`, gram `[rows,rows]`, both row after row.
    ///
    /// In Double, because distances are taken from it: `‖x‖² + ‖y‖² - 2xy` cancels.
    public static func addGram(
        _ x: UnsafePointer<Double>, to gram: UnsafeMutablePointer<Double>, rows: Int, columns: Int
    ) {
        cblas_dsyrk(
            CblasRowMajor, CblasUpper, CblasNoTrans, blasint(rows), blasint(columns), 1, x, blasint(columns), 1, gram,
            blasint(rows))
    }
}
