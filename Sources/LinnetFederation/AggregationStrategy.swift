// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// A rule by which the updates of a round become one new model.
///
/// A rule is a value without memory: the same contributions give the same bits, in whatever order they arrived.
public protocol AggregationStrategy: Sendable {
    /// The rule in a few words, for provenance and audit: `clipped(3.0 x median) fedavg`.
    var name: String { get }

    /// Combines contributions.
    ///
    /// - Parameters:
    ///   - contributions: at least one, at most one an agent; each `[P]`, screened before, checked here again.
    ///   - base: the version that all of them were trained from, `[P]`.
    /// - Returns: `[P]`, all finite.
    /// - Throws: ``AggregationError``; the base stays the current model then.
    func aggregate(
        _ contributions: [Contribution], onto base: ParameterVector
    ) throws(AggregationError) -> ParameterVector
}

/// What each rule checks first, and the order each rule computes in.
enum Screened {
    /// The contributions by agent name, once all of them are fit to be added up.
    ///
    /// Sorting fixes the order of floating-point additions, so the result does not depend on who was fastest.
    ///
    /// - Parameter checksFinite: false where the rule finds out on its own pass over the numbers, and then throws
    ///   ``notFinite(_:)``.
    static func sorted(
        _ contributions: [Contribution], base: ParameterVector, checksFinite: Bool = true
    ) throws(AggregationError) -> [Contribution] {
        guard !contributions.isEmpty else { throw .noContributions }
        guard base.isFinite else { throw .baseNotFinite }
        let sorted = contributions.sorted { $0.agent < $1.agent }
        for (first, second) in zip(sorted, sorted.dropFirst()) where first.agent == second.agent {
            throw .duplicateAgent(first.agent)
        }
        for contribution in sorted {
            if checksFinite {
                guard contribution.parameters.isFinite else { throw .notFinite(agent: contribution.agent) }
            }
            guard contribution.parameters.count == base.count else {
                throw .wrongShape(
                    agent: contribution.agent, found: contribution.parameters.count, expected: base.count)
            }
        }
        return sorted
    }

    /// Who contributed a number that is NaN or infinite, once a rule has seen that somebody did.
    static func notFinite(_ sorted: [Contribution]) -> AggregationError {
        sorted.first { !$0.parameters.isFinite }.map { .notFinite(agent: $0.agent) } ?? .baseNotFinite
    }
}
