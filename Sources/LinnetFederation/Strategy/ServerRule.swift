// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNumerics

/// All that turns the updates of a round into the next version: clipping, a rule, and an optimizer's step.
///
///     let outcome = try rule.apply(to: contributions, onto: base, state: state)
///     store(outcome.parameters, outcome.state)  // in one transaction
///
/// It remembers nothing itself: the same contributions, base and state give the same bits.
public struct ServerRule: Sendable {
    /// What is done to updates before they are combined, at bounds that are tracked.
    public var clipping: AdaptiveClipping?
    /// How updates are combined.
    public var aggregation: any AggregationStrategy
    /// How the model moves towards what was combined; absent where it becomes just that.
    public var optimizer: (any ServerOptimizer)?

    public init(
        clipping: AdaptiveClipping? = nil, aggregation: any AggregationStrategy,
        optimizer: (any ServerOptimizer)? = nil
    ) {
        self.clipping = clipping
        self.aggregation = aggregation
        self.optimizer = optimizer
    }

    /// What a round led to.
    public struct Outcome: Sendable, Equatable {
        /// The next version, `[P]`, all finite.
        public var parameters: ParameterVector
        /// What to store with it.
        public var state: ServerState
        /// Whose update was taken for no change, and whose was shortened, at tracked bounds.
        public var zeroed: [AgentID] = []
        public var clipped: [AgentID] = []
    }

    /// The steps in their order, for provenance and audit.
    public var name: String {
        [optimizer?.name, clipping?.name, aggregation.name].compactMap { $0 }.joined(separator: ", ")
    }

    /// Whether anything is remembered from round to round.
    public var hasState: Bool { clipping != nil || optimizer != nil }

    /// Makes the next version.
    ///
    /// - Parameters:
    ///   - updates: at least one; each `[P]`.
    ///   - base: the current version, `[P]`.
    ///   - origins: the versions that updates started from, by how many versions ago that was; the base is known.
    ///   - state: what was stored with the current version.
    /// - Throws: ``AggregationError``; version and state stay what they are then.
    public func apply(
        to updates: any UpdateSource, onto base: ParameterVector, origins: [Int: ParameterVector] = [:],
        state: ServerState = ServerState()
    ) throws(AggregationError) -> Outcome {
        var updates = updates
        var outcome = Outcome(parameters: base, state: ServerState())
        if let clipping {
            let clipped = try clipping.apply(to: updates, base: base, state: state.clipping)
            updates = ScaledUpdates(updates, base: base, scales: clipped.scales)
            outcome.state.clipping = clipped.state
            outcome.zeroed = clipped.zeroed
            outcome.clipped = clipped.clipped
        }
        if let buffer = aggregation as? FedBuff {
            outcome.parameters = try buffer.aggregate(updates, origins: origins, onto: base)
        } else {
            outcome.parameters = try aggregation.aggregate(updates, onto: base)
        }
        if let optimizer {
            (outcome.parameters, outcome.state.optimizer) = try optimizer.step(
                from: base, towards: outcome.parameters, state: state.optimizer)
        }
        guard outcome.parameters.isFinite else { throw .resultNotFinite(rule: name) }
        return outcome
    }

    /// Makes the next version of contributions that are in memory, at most one an agent.
    public func apply(
        to contributions: [Contribution], onto base: ParameterVector, state: ServerState = ServerState()
    ) throws(AggregationError) -> Outcome {
        try apply(to: ContributedUpdates(contributions), onto: base, state: state)
    }
}
