// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNumerics

/// Chooses updates by repeated Krum, then averages of each parameter the values closest to the median.
///
/// El Mhamdi et al. 2018 (arXiv 1802.07927), section 4, with ``Krum`` inside: `θ = n - 2f` times the best remaining
/// update is chosen and taken out; then each parameter is the mean of the `β = θ - 2f` chosen values closest to their
/// median. Needs `n ≥ 4f + 3`. While updates are taken out, each score is over as many neighbours as Krum has for the
/// updates left, `n' - f - 2`, and at least one.
///
/// Flower chooses all θ in a single pass, where a group of alike malicious updates may enter together.
///
/// - Complexity: O(P n² + θ n²).
public struct Bulyan: AggregationStrategy {
    /// How many malicious agents are expected at most, f.
    public let maximumMalicious: Int

    /// - Parameter maximumMalicious: 0 to 1,000,000.
    public init(maximumMalicious: Int) {
        precondition((0...1_000_000).contains(maximumMalicious), "Bulyan expects 0 to 1,000,000 malicious agents")
        self.maximumMalicious = maximumMalicious
    }

    public var name: String { "bulyan(f \(maximumMalicious))" }

    /// The smallest number of agents that the rule works with.
    public var minimumContributors: Int { 4 * maximumMalicious + 3 }

    public func aggregate(
        _ updates: any UpdateSource, onto base: ParameterVector
    ) throws(AggregationError) -> ParameterVector {
        let matrix = try UpdateMatrix(updates, base: base)
        let count = matrix.rowCount
        guard count >= minimumContributors else {
            throw .tooFewForRule(rule: name, found: count, minimum: minimumContributors)
        }
        var scores = KrumScores(try PairwiseDistances(matrix, rule: name))
        var chosen: [Int] = []
        while chosen.count < count - 2 * maximumMalicious,
            let best = scores.best(neighbours: max(1, scores.remaining.count - maximumMalicious - 2))
        {
            chosen.append(best)
            scores.remove(best)
        }
        return try UpdateMatrix(matrix, selected: chosen)
            .reduced(by: NearMedian(rows: chosen.count, dropped: 2 * maximumMalicious))
    }

    /// Means of the values closest to the median of their column.
    private struct NearMedian: ColumnReducer {
        let rows: Int
        let dropped: Int
        let network: SortingNetwork

        init(rows: Int, dropped: Int) {
            self.rows = rows
            self.dropped = dropped
            network = SortingNetwork(rows: rows, wanted: 0..<rows)
        }

        func reduce(_ block: UnsafeMutablePointer<Float>, width: Int, into result: UnsafeMutablePointer<Float>) {
            Kernels.sortColumns(block, width: width, by: network)
            for column in 0..<width {
                let value = { (row: Int) in Double(block[row * width + column]) }
                let median = (value((rows - 1) / 2) + value(rows / 2)) / 2
                // In a sorted column the closest values lie side by side: the farther end goes until few enough are left.
                var (first, last) = (0, rows - 1)
                for _ in 0..<dropped {
                    if median - value(first) > value(last) - median { first += 1 } else { last -= 1 }
                }
                var sum = 0.0
                for row in first...last { sum += value(row) }
                result[column] = Float(sum / Double(last - first + 1))
            }
        }
    }
}
