// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Steps along the aggregate, each parameter shortened by all that it moved so far.
///
/// Reddi et al. 2021 (arXiv 2003.00295), algorithm 2, FedAdagrad: `v ← v + Δ²`, `w ← w + η m / (√v + τ)`, with
/// `m ← β₁ m + (1 - β₁) Δ` and `β₁ = 0`. Flower and TFF start at other squares than the paper, 0 and 0.1.
public struct FedAdagrad: ServerOptimizer {
    /// The step's length, η.
    public let learningRate: Double
    /// How much of the last direction stays, β₁.
    public let beta1: Double
    /// What keeps a step finite where squares are small, τ.
    public let tau: Double
    /// The squares before the first step, v₀.
    public let initialSquare: Double

    /// - Parameters:
    ///   - learningRate: finite, above 0.
    ///   - beta1: at least 0, below 1.
    ///   - tau: finite, above 0.
    ///   - initialSquare: finite, at least 0; nil for τ², as the paper asks (`v₀ ≥ τ²`).
    public init(
        learningRate: Double = 0.1, beta1: Double = 0, tau: Double = 1e-3,
        initialSquare: Double? = nil
    ) {
        let initialSquare = initialSquare ?? tau * tau
        AdaptiveStep.check(
            learningRate: learningRate, beta1: beta1, beta2: 0, tau: tau, initialSquare: initialSquare)
        self.learningRate = learningRate
        self.beta1 = beta1
        self.tau = tau
        self.initialSquare = initialSquare
    }

    public var stateKind: String { "fedadagrad" }

    public var name: String {
        "fedadagrad(learning rate \(learningRate), beta1 \(beta1), tau \(tau))"
    }

    public func step(
        from base: ParameterVector, towards aggregate: ParameterVector, state: ServerOptimizerState
    ) throws(AggregationError) -> (parameters: ParameterVector, state: ServerOptimizerState) {
        let step = AdaptiveStep(
            rule: name, kind: stateKind, learningRate: learningRate, beta1: beta1, tau: tau,
            initialSquare: initialSquare)
        return try step.take(from: base, towards: aggregate, state: state) { v, square in v + square }
    }
}
