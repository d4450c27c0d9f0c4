// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Steps along the aggregate, each parameter by how far it usually moves.
///
/// Reddi et al. 2021 (arXiv 2003.00295), algorithm 2, FedAdam: `m ← β₁ m + (1 - β₁) Δ`, `v ← β₂ v + (1 - β₂) Δ²`,
/// `w ← w + η m / (√v + τ)`. By default η is corrected for the empty start as in Kingma and Ba 2015 (arXiv 1412.6980,
/// section 2): `η √(1 - β₂ᵗ) / (1 - β₁ᵗ)` in step t, the first being 1. Flower takes t + 1, which makes the first step a
/// quarter shorter.
public struct FedAdam: ServerOptimizer {
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
    /// How the step is corrected for the empty start.
    public let correction: Correction

    /// How the first steps, whose means begin at zero, are made up for.
    public enum Correction: String, Sendable, Equatable, Codable, CaseIterable {
        /// Not at all, as algorithm 2 has it.
        case none
        /// With the step's number t.
        case textbook
        /// With t + 1, for comparisons with Flower.
        case flower
    }

    /// - Parameters:
    ///   - learningRate: finite, above 0.
    ///   - beta1: at least 0, below 1.
    ///   - beta2: at least 0, below 1.
    ///   - tau: finite, above 0.
    ///   - initialSquare: finite, at least 0; nil for 0 with a
    ///     correction, which is derived from there, and τ² without one, as the paper asks.
    ///   - correction: see ``Correction``.
    public init(
        learningRate: Double = 0.1, beta1: Double = 0.9, beta2: Double = 0.99, tau: Double = 1e-3,
        initialSquare: Double? = nil, correction: Correction = .textbook
    ) {
        let initialSquare = initialSquare ?? (correction == .none ? tau * tau : 0)
        AdaptiveStep.check(
            learningRate: learningRate, beta1: beta1, beta2: beta2, tau: tau, initialSquare: initialSquare)
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.tau = tau
        self.initialSquare = initialSquare
        self.correction = correction
    }

    public var stateKind: String { "fedadam" }

    public var name: String {
        "fedadam(learning rate \(learningRate), beta1 \(beta1), beta2 \(beta2), tau \(tau))"
    }

    public func step(
        from base: ParameterVector, towards aggregate: ParameterVector, state: ServerOptimizerState
    ) throws(AggregationError) -> (parameters: ParameterVector, state: ServerOptimizerState) {
        let step = AdaptiveStep(
            rule: name, kind: stateKind, learningRate: learningRate * factor(ofStep: state.steps + 1), beta1: beta1,
            tau: tau, initialSquare: initialSquare)
        let beta2 = beta2
        return try step.take(from: base, towards: aggregate, state: state) { v, square in
            beta2 * v + (1 - beta2) * square
        }
    }

    /// What η is multiplied by in a step; the first step is 1.
    private func factor(ofStep step: Int) -> Double {
        let exponent: Int
        switch correction {
        case .none: return 1
        case .textbook: exponent = step
        case .flower: exponent = step + 1
        }
        return (1 - Self.power(beta2, exponent)).squareRoot() / (1 - Self.power(beta1, exponent))
    }

    /// By repeated squaring: the same bits on every machine, which a library's `pow` does not promise.
    private static func power(_ base: Double, _ exponent: Int) -> Double {
        var (result, square, rest) = (1.0, base, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result *= square }
            square *= square
            rest >>= 1
        }
        return result
    }
}
