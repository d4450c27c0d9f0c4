// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Shortens every update that is much longer than the others, then lets another rule combine them.
///
/// An update is the difference `Δ_k = w_k - w`. With `τ = factor × median ‖Δ‖`, each becomes `Δ_k · min(1, τ / ‖Δ_k‖)`
/// (norm clipping, Sun et al. 2019, arXiv 1911.07963; the median as bound as in Karimireddy et al. 2021,
/// arXiv 2012.10333, section 5). It bounds what one bad participant can do; it does not find out who is bad.
///
/// The median is the lower of the middle two: of two participants, the calmer one sets the measure.
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

    /// Clips, and hands on.
    ///
    /// - Complexity: O(contributions × P), and a copy of each contribution that is clipped.
    public func aggregate(
        _ contributions: [Contribution], onto model: ParameterVector
    ) throws(AggregationError) -> ParameterVector {
        let sorted = try Screened.sorted(contributions, base: model, checksFinite: false)
        let norms = sorted.map { EuclideanDistance.between($0.parameters, model) }
        // A norm is finite exactly where all numbers are, so this spares reading all of them once more.
        guard norms.allSatisfy(\.isFinite) else { throw Screened.notFinite(sorted) }
        let bound = factor * norms.sorted()[(norms.count - 1) / 2]
        var clipped = sorted
        for position in clipped.indices where norms[position] > bound {
            clipped[position].parameters = Self.shortened(
                clipped[position].parameters, towards: model, by: bound / norms[position])
        }
        return try base.aggregate(clipped, onto: model)
    }

    static func shortened(
        _ parameters: ParameterVector, towards model: ParameterVector, by scale: Double
    ) -> ParameterVector {
        ParameterVector(
            zip(parameters.values, model.values).map { value, origin in
                Float(Double(origin) + (Double(value) - Double(origin)) * scale)
            })
    }
}
