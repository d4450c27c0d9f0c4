// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Finds the point whose sum of distances to all updates is smallest.
///
/// RFA, Pillutla et al. 2022 (arXiv 1912.13445), algorithm 2, smoothed Weiszfeld: `β_i = 1 / max(ν, ‖z - x_i‖)`,
/// `z ← Σ β_i x_i / Σ β_i`, until the step is shorter than ``tolerance`` of z's distance from the base, at most
/// ``maximumSteps`` times. The paper weighs by data, `α_i`; here each agent counts the same, since half of the weight is
/// what an attacker needs, and weights are claims. It holds as long as fewer than half of the agents are malicious.
///
/// - Complexity: O(steps P n); memory for two vectors in Double.
public struct GeometricMedian: AggregationStrategy {
    /// Where the search begins.
    public enum Start: String, Sendable, Equatable, Codable, CaseIterable {
        /// The coordinate median: near the goal already, even with malicious agents.
        case coordinateMedian = "coordinate-median"
        /// The version that all were trained from.
        case base
    }

    /// The shortest distance that counts, ν.
    public let smoothing: Double
    /// Most steps.
    public let maximumSteps: Int
    /// The step, in terms of the distance from the base, that is short enough to stop.
    public let tolerance: Double
    public let start: Start

    /// - Parameters:
    ///   - smoothing: finite, above 0.
    ///   - maximumSteps: 1 to 10,000.
    ///   - tolerance: finite, at least 0.
    public init(
        smoothing: Double = 1e-6, maximumSteps: Int = 32, tolerance: Double = 1e-6, start: Start = .coordinateMedian
    ) {
        precondition(smoothing.isFinite && smoothing > 0, "the smoothing is finite and above 0, got \(smoothing)")
        precondition((1...10_000).contains(maximumSteps), "1 to 10,000 steps are possible, got \(maximumSteps)")
        precondition(tolerance.isFinite && tolerance >= 0, "the tolerance is finite and at least 0, got \(tolerance)")
        self.smoothing = smoothing
        self.maximumSteps = maximumSteps
        self.tolerance = tolerance
        self.start = start
    }

    public var name: String { "geometric median(smoothing \(smoothing), up to \(maximumSteps) steps)" }

    public func aggregate(
        _ updates: any UpdateSource, onto base: ParameterVector
    ) throws(AggregationError) -> ParameterVector {
        let matrix = try UpdateMatrix(updates, base: base)
        // The median comes first even where it is not asked for: it reads columns, which puts updates that are streamed
        // into a form that can be read again and again.
        let median = try matrix.reduced(by: CoordinateMedian().reducer(rows: matrix.rowCount))
        var center = (start == .base ? base : median).values.map { Double($0) }
        for _ in 0..<maximumSteps {
            var weights: [Double] = []
            try matrix.source.readEach { _, parameters in
                weights.append(1 / max(smoothing, EuclideanDistance.between(center, parameters)))
            }
            let next = try matrix.mean(weights: weights)
            let step = EuclideanDistance.between(center, next)
            center = next
            if step <= tolerance * EuclideanDistance.between(center, base) { break }
        }
        return ParameterVector(center.map { Float($0) })
    }
}
