// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// A rule by which the updates of a round become one new model.
///
/// A rule is a value without memory: the same contributions give the same bits, in whatever order they arrived and on
/// however many threads.
public protocol AggregationStrategy: Sendable {
    /// The rule in a few words, for provenance and audit: `clipped(3.0 x median) fedavg`.
    var name: String { get }

    /// Combines updates.
    ///
    /// - Parameters:
    ///   - updates: at least one; each `[P]`, screened before, checked here again.
    ///   - base: the version that all of them were trained from, `[P]`.
    /// - Returns: `[P]`, all finite.
    /// - Throws: ``AggregationError``; the base stays the current model then.
    func aggregate(
        _ updates: any UpdateSource, onto base: ParameterVector
    ) throws(AggregationError) -> ParameterVector
}

extension AggregationStrategy {
    /// Combines contributions that are in memory, at most one an agent.
    public func aggregate(
        _ contributions: [Contribution], onto base: ParameterVector
    ) throws(AggregationError) -> ParameterVector {
        try aggregate(ContributedUpdates(contributions), onto: base)
    }
}
