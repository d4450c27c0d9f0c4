// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Averages the participants' weights, each weighted by the windows it trained on (FedAvg).
///
/// McMahan et al. 2017 (arXiv 1602.05629), algorithm 1: `w ← Σ (n_k / n) w_k` with `n = Σ n_k`. The number of windows is
/// the participant's own claim, so here `n_k` is at most `maximumWeight`: no claim takes over the whole model.
/// One bad participant can still move the average without bound; put ``NormClipping`` in front.
public struct FederatedAveraging: AggregationStrategy {
    /// Most windows that count for one participant.
    public let maximumWeight: Int

    /// - Parameter maximumWeight: at least 1.
    public init(maximumWeight: Int) {
        precondition(maximumWeight >= 1, "a participant's largest weight is at least 1, got \(maximumWeight)")
        self.maximumWeight = maximumWeight
    }

    public var name: String { "fedavg(weight up to \(maximumWeight))" }

    /// Averages contributions.
    ///
    /// - Complexity: O(contributions × P); one pass, no copy of a contribution.
    public func aggregate(
        _ contributions: [Contribution], onto base: ParameterVector
    ) throws(AggregationError) -> ParameterVector {
        let sorted = try Screened.sorted(contributions, base: base, checksFinite: false)
        let weights = sorted.map { weight(ofWindows: $0.windows) }
        var sum = WeightedSum(count: base.count)
        sum.add(sorted.map(\.parameters), weights: weights)
        let average = sum.average()
        // NaN and infinity go through every addition, even times zero: a finite average had nothing but finite parts.
        guard sum.isFinite else { throw Screened.notFinite(sorted) }
        guard let average else { throw .noWeight }
        return average
    }

    /// The weight of a participant that says it trained on `windows` windows.
    public func weight(ofWindows windows: Int) -> Double { Double(min(max(0, windows), maximumWeight)) }
}
