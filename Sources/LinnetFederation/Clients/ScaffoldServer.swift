// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNumerics

/// What a participant of SCAFFOLD sends back.
public struct ScaffoldUpdate: Sendable, Equatable {
    public var contribution: Contribution
    /// The change of its control variate, `[P]`.
    public var controlChange: ParameterVector

    public init(contribution: Contribution, controlChange: ParameterVector) {
        self.contribution = contribution
        self.controlChange = controlChange
    }
}

/// The fleet's side of SCAFFOLD: its control variate, and the step from a round's updates to the next version.
///
/// Karimireddy et al. 2020 (arXiv 1910.06378), algorithm 1: `w ← w + η_g mean(Δw)`, `c ← c + (|S| / N) mean(Δc)` over the
/// participants S of N agents. Updates count the same, whatever their windows. See ``ScaffoldClient`` for the other side.
public struct ScaffoldServer: Sendable, Equatable {
    /// c, `[P]`; sent with every offer.
    public private(set) var control: ParameterVector
    /// How many agents there are, N.
    public let agents: Int
    /// The step's length, η_g.
    public let learningRate: Double

    /// - Parameters:
    ///   - count: the number of parameters, P.
    ///   - agents: at least 1.
    ///   - learningRate: finite, above 0.
    public init(count: Int, agents: Int, learningRate: Double = 1) {
        precondition(agents >= 1, "a fleet has at least 1 agent, got \(agents)")
        precondition(learningRate.isFinite && learningRate > 0, "the learning rate is finite and above 0")
        control = ParameterVector(repeating: 0, count: count)
        self.agents = agents
        self.learningRate = learningRate
    }

    /// Makes the next version, and moves the control variate.
    ///
    /// - Parameters:
    ///   - updates: at least one, at most one an agent.
    ///   - base: the version that all of them were trained from, `[P]`.
    /// - Returns: `[P]`, all finite; the same bits in whatever order updates arrived.
    /// - Throws: ``AggregationError``; version and control variate stay what they are then.
    public mutating func apply(
        _ updates: [ScaffoldUpdate], onto base: ParameterVector
    ) throws(AggregationError) -> ParameterVector {
        guard control.count == base.count else {
            throw .wrongStateShape(found: control.count, expected: base.count)
        }
        guard updates.count <= agents else {
            throw .tooManyForRule(rule: "scaffold", found: updates.count, maximum: agents)
        }
        let sorted = updates.sorted { $0.contribution.agent < $1.contribution.agent }
        let (weights, changes) = (sorted.map(\.contribution), sorted.map(\.controlChange))
        try ContributedUpdates(weights).check(base: base)
        for (update, change) in zip(weights, changes) {
            for vector in [update.parameters, change] {
                guard vector.isFinite else { throw .notFinite(agent: update.agent) }
                guard vector.count == base.count else {
                    throw .wrongShape(agent: update.agent, found: vector.count, expected: base.count)
                }
            }
        }
        let share = learningRate / Double(weights.count)
        let next = Self.sum(base, weights.map(\.parameters), minus: base, times: share)
        let nextControl = Self.sum(control, changes, minus: nil, times: 1 / Double(agents))
        guard next.isFinite, nextControl.isFinite else { throw .resultNotFinite(rule: "scaffold") }
        control = nextControl
        return next
    }

    /// `start + factor · Σ (vector - origin)`, each element summed up in Double.
    private static func sum(
        _ start: ParameterVector, _ vectors: [ParameterVector], minus origin: ParameterVector?, times factor: Double
    ) -> ParameterVector {
        var sums = [Double](repeating: 0, count: start.count)
        for vector in vectors {
            for i in sums.indices { sums[i] += Double(vector[i]) - Double(origin?[i] ?? 0) }
        }
        return ParameterVector(sums.indices.map { Float(Double(start[$0]) + factor * sums[$0]) })
    }
}
