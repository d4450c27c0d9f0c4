// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Shortens every update that is much longer than the others, then lets another rule combine them.
///
/// An update is the difference `Δ_k = w_k - w`. With `τ = factor × median ‖Δ‖`, each becomes `Δ_k · min(1, τ / ‖Δ_k‖)`
/// (norm clipping, Sun et al. 2019, arXiv 1911.07963; the median as bound as in Karimireddy et al. 2021,
/// arXiv 2012.10333, section 5). It bounds what one bad participant can do; it does not find out who is bad.
///
/// The median is the lower of the middle two: of two participants, the calmer one sets the measure.
///
/// - Complexity: O(contributions × P), a pass more than the rule after it needs; none more in front of
///   ``FederatedAveraging``, unless something is clipped.
public struct NormClipping<Base: AggregationStrategy>: AggregationStrategy {
    public let base: Base
    /// How many median norms an update may be long.
    public let factor: Double

    /// - Parameter factor: finite, above 0.
    public init(_ base: Base, factor: Double) {
        precondition(factor.isFinite && factor > 0, "the clipping factor is finite and above 0, got \(factor)")
        self.base = base
        self.factor = factor
    }

    public var name: String { "clipped(\(factor) x median) \(base.name)" }

    public func aggregate(
        _ updates: any UpdateSource, onto model: ParameterVector
    ) throws(AggregationError) -> ParameterVector {
        if let mean = base as? FederatedAveraging {
            return try mean.aggregate(updates, onto: model, clippingFactor: factor)
        }
        try updates.check(base: model)
        let norms = try updates.norms(from: model)
        let bound = ScaledUpdates.bound(norms, factor: factor)
        return try base.aggregate(ScaledUpdates(updates, base: model, norms: norms, bound: bound), onto: model)
    }
}
