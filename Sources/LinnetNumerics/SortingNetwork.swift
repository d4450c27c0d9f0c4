// SPDX-License-Identifier: Apache-2.0

import CKernels

/// Sorts many short columns at once, by the same comparisons for all of them.
///
/// Batcher's merge exchange (Knuth, volume 3, algorithm 5.2.2M) for any number of rows. Which rows are compared does not
/// depend on the values, so a comparison is a minimum and a maximum over whole rows, in vector instructions. Comparisons
/// that no wanted row depends on are left out.
public struct SortingNetwork: Sendable {
    let comparators: [linnet_comparator]

    /// - Parameters:
    ///   - rows: how many values a column has.
    ///   - wanted: the ranks that have to be right; the others may end up in any order.
    public init(rows: Int, wanted: Range<Int>) {
        var all: [linnet_comparator] = []
        var top = 1
        while top < rows { top *= 2 }
        top /= 2
        var p = top
        while p > 0 {
            var (q, r, distance) = (top, 0, p)
            while true {
                for i in 0..<max(0, rows - distance) where i & p == r {
                    all.append(linnet_comparator(low: Int32(i), high: Int32(i + distance)))
                }
                if q == p { break }
                distance = q - p
                q /= 2
                r = p
            }
            p /= 2
        }
        var isNeeded = (0..<rows).map { wanted.contains($0) }
        var kept: [linnet_comparator] = []
        for comparator in all.reversed() {
            let (low, high) = (Int(comparator.low), Int(comparator.high))
            guard isNeeded[low] || isNeeded[high] else { continue }
            isNeeded[low] = true
            isNeeded[high] = true
            kept.append(comparator)
        }
        comparators = kept.reversed()
    }
}
