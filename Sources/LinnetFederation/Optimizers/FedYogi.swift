// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Steps along the aggregate, each parameter by how far it usually moves, forgetting slowly.
///
/// Reddi et al. 2021 (arXiv 2003.00295), algorithm 2, FedYogi: `v ← v - (1 - β₂) Δ² sign(v - Δ²)`,
/// `m ← β₁ m + (1 - β₁) Δ`, `w ← w + η m / (√v + τ)`. Unlike FedAdam's, its squares do not shrink faster than they grow.
public struct FedYogi: ServerOptimizer {
    /// The step's length, η.
    public let learningRate: Double
    /// How much of the last direction stays, β₁.
    public let beta1: Double
    /// How much of the last squares stays, β₂.
    public let beta2: Double
    /// What keeps a step finite where squares are small, τ.
    public let tau: Double
    /// The squares before the first step, v₀.
    public let initialSquare: Double

    /// - Parameters:
    ///   - learningRate: finite, above 0.
    ///   - beta1: at least 0, below 1.
    ///   - beta2: at least 0, below 1.
    ///   - tau: finite, above 0.
    ///   - initialSquare: finite, at least 0; nil for τ², as the paper asks (`v₀ ≥ τ²`).
    public init(
        learningRate: Double = 0.01, beta1: Double = 0.9, beta2: Double = 0.99, tau: Double = 1e-3,
        initialSquare: Double? = nil
    ) {
        let initialSquare = initialSquare ?? tau * tau
        AdaptiveStep.check(
            learningRate: learningRate, beta1: beta1, beta2: beta2, tau: tau, initialSquare: initialSquare)
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.tau = tau
        self.initialSquare = initialSquare
    }

    public var stateKind: String { "fedyogi" }

    public var name: String {
        "fedyogi(learning rate \(learningRate), beta1 \(beta1), beta2 \(beta2), tau \(tau))"
    }

    public func step(
        from base: ParameterVector, towards aggregate: ParameterVector, state: ServerOptimizerState
    ) throws(AggregationError) -> (parameters: ParameterVector, state: ServerOptimizerState) {
        let step = AdaptiveStep(
            rule: name, kind: stateKind, learningRate: learningRate, beta1: beta1, tau: tau,
            initialSquare: initialSquare)
        let beta2 = beta2
        return try step.take(from: base, towards: aggregate, state: state) { v, square in
            if v == square { return v }
            // Above 0 all the way: v shrinks by less than the square that it is larger than.
            return v > square ? v - (1 - beta2) * square : v + (1 - beta2) * square
        }
    }
}
