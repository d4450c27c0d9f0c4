// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Takes the median of every parameter by itself.
///
/// Yin et al. 2018 (arXiv 1803.01498), definition 1: `w[j] = median { w_1[j], … w_n[j] }`; of an even number, the mean of
/// the middle two. Windows do not count: a claimed weight would bring back the lever that the median takes away. It
/// holds as long as fewer than half of the agents are malicious, and it is biased where honest agents differ.
///
/// - Complexity: O(P n) by selection over blocks of columns, by a sorting network for few rows; memory for one block.
public struct CoordinateMedian: AggregationStrategy, ColumnRule {
    public init() {}

    public var name: String { "coordinate median" }

    func reducer(rows: Int) -> any ColumnReducer {
        rows < Kernels.fewestForMedian ? SortedMedian(rows: rows) : SelectedMedian(rows: rows)
    }

    private struct SortedMedian: ColumnReducer {
        let low: Int
        let high: Int
        let network: SortingNetwork

        init(rows: Int) {
            low = (rows - 1) / 2
            high = rows / 2
            network = SortingNetwork(rows: rows, wanted: low..<high + 1)
        }

        func reduce(_ block: UnsafeMutablePointer<Float>, width: Int, into result: UnsafeMutablePointer<Float>) {
            Kernels.sortColumns(block, width: width, by: network)
            let (below, above) = (block + low * width, block + high * width)
            for column in 0..<width {
                // In Double: the sum of two Floats may be more than a Float can hold.
                result[column] = Float((Double(below[column]) + Double(above[column])) / 2)
            }
        }
    }

    private struct SelectedMedian: ColumnReducer {
        let rows: Int

        func reduce(_ block: UnsafeMutablePointer<Float>, width: Int, into result: UnsafeMutablePointer<Float>) {
            Kernels.medians(ofColumns: block, rows: rows, width: width, into: result)
        }
    }
}
