// SPDX-License-Identifier: Apache-2.0

/// Sorts many short columns at once, by the same comparisons for all of them.
///
/// Batcher's merge exchange (Knuth, volume 3, algorithm 5.2.2M) for any number of rows. Which rows are compared does not
/// depend on the values, so a comparison is a minimum and a maximum over whole rows, which the compiler turns into vector
/// instructions. Comparisons that no wanted row depends on are left out.
struct SortingNetwork {
    /// Two rows; afterwards the lesser values are in `low`.
    struct Comparator: Equatable {
        var low: Int32
        var high: Int32
    }

    let comparators: [Comparator]

    /// - Parameters:
    ///   - rows: how many values a column has.
    ///   - wanted: the ranks that have to be right; the others may end up in any order.
    init(rows: Int, wanted: Range<Int>) {
        var all: [Comparator] = []
        var top = 1
        while top < rows { top *= 2 }
        top /= 2
        var p = top
        while p > 0 {
            var (q, r, distance) = (top, 0, p)
            while true {
                for i in 0..<max(0, rows - distance) where i & p == r {
                    all.append(Comparator(low: Int32(i), high: Int32(i + distance)))
                }
                if q == p { break }
                distance = q - p
                q /= 2
                r = p
            }
            p /= 2
        }
        var isNeeded = (0..<rows).map { wanted.contains($0) }
        var kept: [Comparator] = []
        for comparator in all.reversed() {
            let (low, high) = (Int(comparator.low), Int(comparator.high))
            guard isNeeded[low] || isNeeded[high] else { continue }
            isNeeded[low] = true
            isNeeded[high] = true
            kept.append(comparator)
        }
        comparators = kept.reversed()
    }

    /// Sorts every column of `block`, `[rows,width]`, all finite, in place.
    func sort(_ block: UnsafeMutablePointer<Float>, width: Int) {
        for comparator in comparators {
            let low = block + Int(comparator.low) * width
            let high = block + Int(comparator.high) * width
            for column in 0..<width {
                // Two comparisons of one form each: the compiler knows them as its vector minimum and maximum, and makes
                // of one comparison with two uses a jump instead, which is nine times slower.
                let (a, b) = (low[column], high[column])
                low[column] = b < a ? b : a
                high[column] = a < b ? b : a
            }
        }
    }
}
