// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Averages the participants' weights, each weighted by the windows it trained on (FedAvg).
///
/// McMahan et al. 2017 (arXiv 1602.05629), algorithm 1: `w ← Σ (n_k / n) w_k` with `n = Σ n_k`. The number of windows is
/// the participant's own claim, so here `n_k` is at most `maximumWeight`: no claim takes over the whole model.
/// One bad participant can still move the average without bound; put ``NormClipping`` in front.
///
/// - Complexity: O(contributions × P) in one pass; memory for one sum and the updates that are read at a time.
public struct FederatedAveraging: AggregationStrategy {
    /// Most windows that count for one participant.
    public let maximumWeight: Int

    /// - Parameter maximumWeight: at least 1.
    public init(maximumWeight: Int) {
        precondition(maximumWeight >= 1, "a participant's largest weight is at least 1, got \(maximumWeight)")
        self.maximumWeight = maximumWeight
    }

    public var name: String { "fedavg(weight up to \(maximumWeight))" }

    public func aggregate(
        _ updates: any UpdateSource, onto base: ParameterVector
    ) throws(AggregationError) -> ParameterVector {
        try updates.check(base: base)
        let weights = updates.contributors.map { weight(ofWindows: $0.windows) }
        var sum = WeightedSum(count: base.count)
        try updates.readGroups(count: base.count) { rows, group in sum.add(group, weights: Array(weights[rows])) }
        return try Self.average(sum, of: updates)
    }

    /// Averages updates of which none is longer than `factor` times the median length.
    ///
    /// Lengths and sum come out of the same pass: where no update is too long, which is the usual case, there is no
    /// second one.
    func aggregate(
        _ updates: any UpdateSource, onto base: ParameterVector, clippingFactor factor: Double
    ) throws(AggregationError) -> ParameterVector {
        try updates.check(base: base)
        let weights = updates.contributors.map { weight(ofWindows: $0.windows) }
        var sum = WeightedSum(count: base.count)
        var norms: [Double] = []
        try updates.readGroups(count: base.count) { rows, group in
            norms += sum.add(group, weights: Array(weights[rows]), measuredFrom: base)
        }
        guard norms.allSatisfy(\.isFinite) else { throw updates.notFinite() }
        let bound = ScaledUpdates.bound(norms, factor: factor)
        guard norms.contains(where: { $0 > bound }) else { return try Self.average(sum, of: updates) }
        return try aggregate(ScaledUpdates(updates, base: base, norms: norms, bound: bound), onto: base)
    }

    private static func average(
        _ sum: WeightedSum, of updates: any UpdateSource
    ) throws(AggregationError) -> ParameterVector {
        let average = sum.average()
        // NaN and infinity go through every addition, even times zero: a finite sum had nothing but finite parts.
        guard sum.isFinite else { throw updates.notFinite() }
        guard let average else { throw .noWeight }
        return average
    }

    /// The weight of a participant that says it trained on `windows` windows.
    public func weight(ofWindows windows: Int) -> Double { Double(min(max(0, windows), maximumWeight)) }
}
