// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// The step that FedAdagrad, FedYogi and FedAdam share; they differ in how squares are remembered.
///
/// Reddi et al. 2021 (arXiv 2003.00295), algorithm 2: `m ← β₁ m + (1 - β₁) Δ`, `v ← squares(v, Δ²)`,
/// `w ← w + η m / (√v + τ)`.
struct AdaptiveStep {
    let rule: String
    let kind: String
    let learningRate: Double
    let beta1: Double
    let tau: Double
    let initialSquare: Double

    /// - Parameter squares: the next v from v and Δ².
    @inline(__always)
    func take(
        from base: ParameterVector, towards aggregate: ParameterVector, state: ServerOptimizerState,
        squares: (Double, Double) -> Double
    ) throws(AggregationError) -> (parameters: ParameterVector, state: ServerOptimizerState) {
        let count = base.count
        precondition(aggregate.count == count, "an aggregate of \(aggregate.count) is not of a base of \(count)")
        try state.check(kind: kind, count: count, hasSecondMoment: true)
        let isFirst = state.steps == 0
        var momentum = isFirst ? [Float](repeating: 0, count: count) : state.momentum
        var second = isFirst ? [Float](repeating: Float(initialSquare), count: count) : state.secondMoment
        var parameters = base
        var isFinite = true
        for i in 0..<count {
            let delta = Double(aggregate[i]) - Double(base[i])
            let m = Float(beta1 * Double(momentum[i]) + (1 - beta1) * delta)
            let v = Float(squares(Double(second[i]), delta * delta))
            let next = Float(Double(base[i]) + learningRate * Double(m) / (Double(v).squareRoot() + tau))
            momentum[i] = m
            second[i] = v
            parameters[i] = next
            isFinite = isFinite && m.isFinite && v.isFinite && next.isFinite
        }
        guard isFinite else { throw .resultNotFinite(rule: rule) }
        return (
            parameters,
            ServerOptimizerState(checked: kind, steps: state.steps + 1, momentum: momentum, secondMoment: second)
        )
    }

    /// Stops a programmer's numbers that can not be.
    static func check(learningRate: Double, beta1: Double, beta2: Double, tau: Double, initialSquare: Double) {
        precondition(learningRate.isFinite && learningRate > 0, "the learning rate is finite and above 0")
        precondition(beta1 >= 0 && beta1 < 1, "beta1 is at least 0 and below 1, got \(beta1)")
        precondition(beta2 >= 0 && beta2 < 1, "beta2 is at least 0 and below 1, got \(beta2)")
        precondition(tau.isFinite && tau > 0, "tau is finite and above 0, got \(tau)")
        precondition(initialSquare.isFinite && initialSquare >= 0, "the first square is finite and at least 0")
    }
}
