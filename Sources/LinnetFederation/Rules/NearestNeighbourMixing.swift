// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Replaces every update by the mean of its nearest ones, then lets another rule combine them.
///
/// Allouah et al. 2023 (arXiv 2302.01772), algorithm 2 (NNM): each row becomes the mean of its `n - f` nearest rows,
/// itself included; of equally far ones, the first in agent order. It brings honest updates that differ closer together,
/// which is what a robust rule needs to tell them from malicious ones. Needs `n ≥ 2f + 1`.
///
/// - Complexity: O(P n²); in front of median and trimmed mean in memory for one block, in front of others another
///   `4 n P` bytes.
public struct NearestNeighbourMixing<Base: AggregationStrategy>: AggregationStrategy {
    public let base: Base
    /// How many malicious agents are expected at most, f.
    public let maximumMalicious: Int

    /// - Parameter maximumMalicious: 0 to 1,000,000.
    public init(_ base: Base, maximumMalicious: Int) {
        precondition((0...1_000_000).contains(maximumMalicious), "mixing expects 0 to 1,000,000 malicious agents")
        self.base = base
        self.maximumMalicious = maximumMalicious
    }

    public var name: String { "mixed(f \(maximumMalicious)) \(base.name)" }

    /// The smallest number of agents that the mixing works with; the rule after it may need more.
    public var minimumContributors: Int { 2 * maximumMalicious + 1 }

    public func aggregate(
        _ updates: any UpdateSource, onto model: ParameterVector
    ) throws(AggregationError) -> ParameterVector {
        let matrix = try UpdateMatrix(updates, base: model)
        guard matrix.rowCount >= minimumContributors else {
            throw .tooFewForRule(rule: name, found: matrix.rowCount, minimum: minimumContributors)
        }
        let mixing = try Neighbourhoods(matrix, size: matrix.rowCount - maximumMalicious, rule: name)
        if let columns = base as? any ColumnRule {
            return try matrix.reduced(by: try columns.reducer(rows: matrix.rowCount), prepare: mixing.mix)
        }
        let mixed = zip(updates.contributors, try matrix.prepared(by: mixing.mix)).map { contributor, parameters in
            Contribution(agent: contributor.agent, parameters: parameters, windows: contributor.windows)
        }
        return try base.aggregate(mixed, onto: model)
    }
}
