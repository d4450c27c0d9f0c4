// SPDX-License-Identifier: Apache-2.0

import CKernels
import COpenBLAS

extension Kernels {
    /// Adds `X X^T` to the upper triangle of `gram`: X `[rows,columns]`, gram `[rows,rows]`, both row after row.
    public static func addGram(
        _ x: UnsafePointer<Double>, to gram: UnsafeMutablePointer<Double>, rows: Int, columns: Int
    ) {
        cblas_dsyrk(
            CblasRowMajor, CblasUpper, CblasNoTrans, blasint(rows), blasint(columns), 1, x, blasint(columns), 1, gram,
            blasint(rows))
    }

    /// How many numbers the panels of `rows` rows and `depth` columns take, see ``addGram(ofDifferencesOf:from:rows:depth:panels:to:)``.
    public static func panelCount(rows: Int, depth: Int) -> Int { gramStride(rows: rows) * depth }

    /// The rows and columns of a Gram matrix of `rows` rows: whole panels.
    public static func gramStride(rows: Int) -> Int {
        let panel = Int(LINNET_PANEL_ROWS)
        return (rows + panel - 1) / panel * panel
    }

    /// Adds the inner products of rows' differences from `base`: x `[rows,depth]`, base `[depth]`.
    ///
    /// In Double, because distances are taken from it: `‖x‖² + ‖y‖² - 2xy` cancels. A difference is rounded to Float, as
    /// its parts were before; then each product is exact, and the columns are added up in their order. So the sums have
    /// the same bits on every processor, which a BLAS does not promise.
    ///
    /// - Parameters:
    ///   - panels: room for ``panelCount(rows:depth:)`` numbers.
    ///   - gram: `[stride,stride]` of ``gramStride(rows:)``; right for columns that are not before their row.
    public static func addGram(
        ofDifferencesOf x: UnsafePointer<Float>, from base: UnsafePointer<Float>, rows: Int, depth: Int,
        panels: UnsafeMutablePointer<Double>, to gram: UnsafeMutablePointer<Double>
    ) {
        linnet_pack_panels(x, rows, depth, base, panels)
        linnet_add_gram(panels, gramStride(rows: rows) / Int(LINNET_PANEL_ROWS), depth, gram)
    }
}
