// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNumerics

/// Averages the updates that are closest to their nearest others.
///
/// Blanchard et al. 2017 (arXiv 1703.02757), section 5: the mean of the m updates with the lowest ``Krum`` scores, each
/// over `n - f - 2` neighbours, each counting the same. By default `m = n - f - 2`, the largest number for which
/// resilience was shown (Damaskinos et al. 2019, "AggregaThor", section 2). Needs `n ≥ 2f + 3` and `n ≥ m + f`.
///
/// Flower weighs the chosen updates by the windows they claim, which the paper does not.
///
/// - Complexity: O(P n²).
public struct MultiKrum: AggregationStrategy {
    /// How many malicious agents are expected at most, f.
    public let maximumMalicious: Int
    /// How many updates are averaged, m; absent for `n - f - 2`.
    public let selected: Int?

    /// - Parameters:
    ///   - maximumMalicious: 0 to 1,000,000.
    ///   - selected: 1 to 1,000,000, or nil.
    public init(maximumMalicious: Int, selected: Int? = nil) {
        precondition((0...1_000_000).contains(maximumMalicious), "Multi-Krum expects 0 to 1,000,000 malicious agents")
        precondition((1...1_000_000).contains(selected ?? 1), "Multi-Krum averages 1 to 1,000,000 updates")
        self.maximumMalicious = maximumMalicious
        self.selected = selected
    }

    public var name: String {
        "multi-krum(f \(maximumMalicious), m \(selected.map { "\($0)" } ?? "n - f - 2"))"
    }

    /// The smallest number of agents that the rule works with.
    public var minimumContributors: Int {
        max(2 * maximumMalicious + 3, (selected ?? 1) + maximumMalicious)
    }

    public func aggregate(
        _ updates: any UpdateSource, onto base: ParameterVector
    ) throws(AggregationError) -> ParameterVector {
        let matrix = try UpdateMatrix(updates, base: base)
        let chosen = UpdateMatrix(matrix, selected: try selection(matrix))
        return ParameterVector(try chosen.mean(weights: chosen.rows.map { _ in 1 }).map { Float($0) })
    }

    /// The agents whose updates are averaged, in agent order.
    ///
    /// - Throws: ``AggregationError``, as aggregating does.
    public func selection(
        of contributions: [Contribution], base: ParameterVector
    ) throws(AggregationError) -> [AgentID] {
        let matrix = try UpdateMatrix(ContributedUpdates(contributions), base: base)
        return try selection(matrix).sorted().map { matrix.agent($0) }
    }

    private func selection(_ matrix: UpdateMatrix) throws(AggregationError) -> [Int] {
        let ranking = try Krum.ranking(
            matrix, maximumMalicious: maximumMalicious, minimum: minimumContributors, rule: name)
        return Array(ranking.prefix(selected ?? ranking.count - maximumMalicious - 2))
    }
}
