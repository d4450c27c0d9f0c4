// SPDX-License-Identifier: Apache-2.0

/// Where a pipeline's threshold comes from; every rule reads held-back normal scores, and scores that have passed, alone.
public enum ThresholdRule: Sendable, Hashable, Codable {
    /// A fixed level that normal scores exceed with a probability, times a margin.
    case quantile(exceedance: Double, margin: Double)
    /// Peaks over threshold; with a depth above 0 relative to the mean of so many calm scores.
    case peaks(probability: Double, depth: Int)
    /// A quantile of the last scores, times a margin; see ``FollowingThreshold``.
    case following(quantile: Double, margin: Double, clip: Double, span: Int, floor: Double)
}

/// A threshold rule at work.
public enum ScoreThreshold: Sendable, Hashable {
    case fixed(Double)
    case peaks(PeaksOverThreshold)
    case following(FollowingThreshold)

    /// - Throws: ``DetectionError/tooFewWindows(found:needed:)``.
    public init(_ rule: ThresholdRule, fitting scores: [Double]) throws(DetectionError) {
        switch rule {
        case .quantile(let exceedance, let margin):
            self = .fixed(try QuantileThreshold.fit(scores: scores, exceedance: exceedance) * margin)
        case .peaks(let probability, let depth):
            self = .peaks(try PeaksOverThreshold(fitting: scores, probability: probability, depth: depth))
        case .following(let quantile, let margin, let clip, let span, let floor):
            self = .following(
                try FollowingThreshold(
                    fitting: scores, quantile: quantile, margin: margin, clip: clip, span: span, floor: floor))
        }
    }

    /// Takes in the next score; answers the level it is held against.
    public mutating func handle(_ score: Double) -> Double {
        switch self {
        case .fixed(let level): return level
        case .peaks(var peaks):
            let level = peaks.threshold
            _ = peaks.handle(score)
            self = .peaks(peaks)
            return level
        case .following(var following):
            // Let go of the copy first: two owners of one array would make every change copy it.
            self = .fixed(0)
            let level = following.handle(score)
            self = .following(following)
            return level
        }
    }
}
