// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Averages every parameter by itself without its smallest and largest values.
///
/// Yin et al. 2018 (arXiv 1803.01498), definition 2: of the n values of a parameter, `⌊β n⌋` are dropped at each end, and
/// the rest is averaged, each value counting the same. It holds as long as no more than `⌊β n⌋` agents are malicious.
///
/// - Complexity: O(P n) by selection over blocks of columns, by a sorting network for few rows; memory for one block.
public struct TrimmedMean: AggregationStrategy, ColumnRule {
    /// Which share of the values is dropped at each end, β.
    public let share: Double

    /// - Parameter share: at least 0, below 0.5.
    public init(share: Double = 0.2) {
        precondition(share >= 0 && share < 0.5, "the trimmed share is at least 0 and below 0.5, got \(share)")
        self.share = share
    }

    public var name: String { "trimmed mean(\(share) at each end)" }

    /// How many of `count` values are dropped at each end.
    public func trimmed(of count: Int) -> Int {
        // 0.29 * 100 is a hair below 29.
        Int((share * Double(count) + 1e-9).rounded(.down))
    }

    func reducer(rows: Int) -> any ColumnReducer { TrimmedColumns(rows: rows, trimmed: trimmed(of: rows)) }
}

/// Means of columns without the `trimmed` smallest and largest values of each.
///
/// Few rows are sorted, and what is kept is added up in ascending order; many are not, and it is added up in agent order
/// (see ``Kernels/trimmedMeans(ofColumns:rows:width:dropped:into:)``). Neither depends on the order of arrival.
struct TrimmedColumns: ColumnReducer {
    let kept: Range<Int>
    /// Absent where the bounds of what is kept are selected.
    let network: SortingNetwork?

    /// - Parameter trimmed: less than half of `rows`.
    init(rows: Int, trimmed: Int) {
        kept = trimmed..<rows - trimmed
        network =
            trimmed > 0 && rows >= Kernels.fewestForTrimmedMean
            ? nil : SortingNetwork(rows: rows, wanted: trimmed > 0 ? kept : 0..<0)
    }

    func reduce(_ block: UnsafeMutablePointer<Float>, width: Int, into result: UnsafeMutablePointer<Float>) {
        guard let network else {
            let (rows, dropped) = (kept.lowerBound + kept.upperBound, kept.lowerBound)
            return Kernels.trimmedMeans(ofColumns: block, rows: rows, width: width, dropped: dropped, into: result)
        }
        Kernels.sortColumns(block, width: width, by: network)
        let count = Double(kept.count)
        withUnsafeTemporaryAllocation(of: Double.self, capacity: width) { sums in
            guard let sums = sums.baseAddress else { return }
            sums.initialize(repeating: 0, count: width)
            for row in kept {
                let values = block + row * width
                for column in 0..<width { sums[column] += Double(values[column]) }
            }
            for column in 0..<width { result[column] = Float(sums[column] / count) }
        }
    }
}
