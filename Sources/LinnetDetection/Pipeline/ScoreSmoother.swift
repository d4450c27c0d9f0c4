// SPDX-License-Identifier: Apache-2.0

/// Smooths scores over the last few, so that one odd sample is no alarm.
public struct ScoreSmoother: Sendable, Hashable, Codable {
    /// What becomes of the last scores.
    public enum Kind: String, Sendable, Codable, Hashable, CaseIterable {
        case mean
        case median
        /// An exponentially weighted mean of this span, in which the newest score weighs `2 / (span + 1)` (Roberts 1959).
        case ewma
    }

    private let kind: Kind
    private let span: Int
    /// The last scores; of an exponentially weighted mean, the mean alone.
    private var recent: [Double] = []

    /// - Parameter span: how many scores, at least 1; 1 smooths nothing.
    public init(_ kind: Kind, span: Int) {
        self.kind = kind
        self.span = max(1, span)
    }

    /// The smoothed score, over fewer scores while there are fewer.
    public mutating func handle(_ score: Double) -> Double {
        if kind == .ewma {
            let before = recent.first ?? score
            let mean = before + 2 / (Double(span) + 1) * (score - before)
            // One score without bounds would stay in the mean for ever.
            if mean.isFinite { recent = [mean] }
            return mean
        }
        if recent.count == span { recent.removeFirst() }
        recent.append(score)
        switch kind {
        case .mean, .ewma: return recent.reduce(0, +) / Double(recent.count)
        case .median: return QuantileThreshold.quantile(0.5, of: recent.sorted())
        }
    }

    /// Forgets all scores.
    public mutating func restart() { recent = [] }
}
