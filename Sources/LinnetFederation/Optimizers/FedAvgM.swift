// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Averages with momentum: the server goes on in the direction of the rounds before.
///
/// Hsu et al. 2019 (arXiv 1909.06335), section 4.3: `v ← β v + Δ`, `w ← w + η v`; the first round's v is Δ.
public struct FedAvgM: ServerOptimizer {
    /// The step's length, η.
    public let learningRate: Double
    /// How much of the last direction stays, β.
    public let momentum: Double

    /// - Parameters:
    ///   - learningRate: finite, above 0.
    ///   - momentum: at least 0, below 1.
    public init(learningRate: Double = 1, momentum: Double = 0.9) {
        precondition(learningRate.isFinite && learningRate > 0, "the learning rate is finite and above 0")
        precondition(momentum >= 0 && momentum < 1, "the momentum is at least 0 and below 1, got \(momentum)")
        self.learningRate = learningRate
        self.momentum = momentum
    }

    public var stateKind: String { "fedavgm" }

    public var name: String { "fedavgm(learning rate \(learningRate), momentum \(momentum))" }

    public func step(
        from base: ParameterVector, towards aggregate: ParameterVector, state: ServerOptimizerState
    ) throws(AggregationError) -> (parameters: ParameterVector, state: ServerOptimizerState) {
        let count = base.count
        precondition(aggregate.count == count, "an aggregate of \(aggregate.count) is not of a base of \(count)")
        try state.check(kind: stateKind, count: count, hasSecondMoment: false)
        var velocity = state.steps == 0 ? [Float](repeating: 0, count: count) : state.momentum
        var parameters = base
        var isFinite = true
        for i in 0..<count {
            let delta = Double(aggregate[i]) - Double(base[i])
            let v = Float(momentum * Double(velocity[i]) + delta)
            let next = Float(Double(base[i]) + learningRate * Double(v))
            velocity[i] = v
            parameters[i] = next
            isFinite = isFinite && v.isFinite && next.isFinite
        }
        guard isFinite else { throw .resultNotFinite(rule: name) }
        return (
            parameters,
            ServerOptimizerState(checked: stateKind, steps: state.steps + 1, momentum: velocity, secondMoment: [])
        )
    }
}
