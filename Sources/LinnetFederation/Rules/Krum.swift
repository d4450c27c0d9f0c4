// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNumerics

/// Takes the one update that is closest to its nearest others.
///
/// Blanchard et al. 2017 (arXiv 1703.02757), section 3: the update with the lowest sum of squared distances to its
/// `n - f - 2` nearest others becomes the model, as it is; of equals, the first in agent order. Needs `n ≥ 2f + 3`.
/// One agent's update wins, so the result is as noisy as one agent's training.
///
/// - Complexity: O(P n²).
public struct Krum: AggregationStrategy {
    /// How many malicious agents are expected at most, f.
    public let maximumMalicious: Int

    /// - Parameter maximumMalicious: 0 to 1,000,000.
    public init(maximumMalicious: Int) {
        precondition((0...1_000_000).contains(maximumMalicious), "Krum expects 0 to 1,000,000 malicious agents")
        self.maximumMalicious = maximumMalicious
    }

    public var name: String { "krum(f \(maximumMalicious))" }

    /// The smallest number of agents that the rule works with.
    public var minimumContributors: Int { 2 * maximumMalicious + 3 }

    public func aggregate(
        _ updates: any UpdateSource, onto base: ParameterVector
    ) throws(AggregationError) -> ParameterVector {
        let matrix = try UpdateMatrix(updates, base: base)
        let ranking = try Self.ranking(
            matrix, maximumMalicious: maximumMalicious, minimum: minimumContributors, rule: name)
        return try matrix.row(ranking[0])
    }

    /// The rows of a matrix from the lowest score to the highest.
    static func ranking(
        _ matrix: UpdateMatrix, maximumMalicious: Int, minimum: Int, rule: String
    ) throws(AggregationError) -> [Int] {
        let count = matrix.rowCount
        guard count >= minimum else { throw .tooFewForRule(rule: rule, found: count, minimum: minimum) }
        return KrumScores(try PairwiseDistances(matrix, rule: rule))
            .ranking(neighbours: count - maximumMalicious - 2)
    }
}
