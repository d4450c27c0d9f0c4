// SPDX-License-Identifier: Apache-2.0

import CKernels

extension Kernels {
    /// From how many rows on a median is faster by selection than by a ``SortingNetwork``, as measured.
    public static let fewestForMedian = 256
    /// The same of a trimmed mean, which selects twice.
    public static let fewestForTrimmedMean = 512

    /// Writes the median of every column of a block `[rows,width]`, at least two rows; of an even number the mean of the
    /// middle two, rounded once.
    ///
    /// Selection by counting: each pass over a column counts the values up to a pivot, and takes the next pivot from
    /// that. A pass is n steps, and some six to ten passes are enough, at worst about a hundred.
    public static func medians(
        ofColumns block: UnsafePointer<Float>, rows: Int, width: Int, into medians: UnsafeMutablePointer<Float>
    ) {
        precondition(rows >= 2, "medians are selected from two rows on, got \(rows)")
        withKeys(rows: rows) { linnet_median_columns(block, rows, width, $0, medians) }
    }

    /// Writes the mean of every column of a block `[rows,width]` without its `dropped` smallest and largest values.
    ///
    /// The values between the smallest and the largest kept one are added up in Double in the order of the rows; then
    /// come these two, each times the number of its copies that are kept. So the sum does not depend on how the bounds
    /// were found.
    ///
    /// - Parameter dropped: at least 1, fewer than half of the rows.
    public static func trimmedMeans(
        ofColumns block: UnsafePointer<Float>, rows: Int, width: Int, dropped: Int,
        into means: UnsafeMutablePointer<Float>
    ) {
        precondition(dropped >= 1 && 2 * dropped < rows, "\(dropped) of \(rows) values can not be dropped at each end")
        withKeys(rows: rows) { linnet_trim_columns(block, rows, width, dropped, $0, means) }
    }

    /// Lends room for the columns that are searched side by side, in whole cache lines.
    private static func withKeys(rows: Int, _ body: (UnsafeMutablePointer<Int32>) -> Void) {
        let count = (rows + 1) * Int(LINNET_SELECTED_COLUMNS)
        withUnsafeTemporaryAllocation(byteCount: count * MemoryLayout<Int32>.stride, alignment: 64) { keys in
            guard let keys = keys.bindMemory(to: Int32.self).baseAddress else { return }
            body(keys)
        }
    }
}
