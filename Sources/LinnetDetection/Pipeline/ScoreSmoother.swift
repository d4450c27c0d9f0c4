// SPDX-License-Identifier: Apache-2.0

/// Smooths scores over the last few, so that one odd sample is no alarm: their mean or their median.
public struct ScoreSmoother: Sendable, Hashable {
    /// What becomes of the last scores.
    public enum Kind: String, Sendable, Codable, Hashable {
        case mean
        case median
    }

    private let kind: Kind
    private let span: Int
    private var recent: [Double] = []

    /// - Parameter span: how many scores, at least 1; 1 smooths nothing.
    public init(_ kind: Kind, span: Int) {
        self.kind = kind
        self.span = max(1, span)
    }

    /// The smoothed score, over fewer scores while there are fewer.
    public mutating func handle(_ score: Double) -> Double {
        if recent.count == span { recent.removeFirst() }
        recent.append(score)
        switch kind {
        case .mean: return recent.reduce(0, +) / Double(recent.count)
        case .median: return QuantileThreshold.quantile(0.5, of: recent.sorted())
        }
    }

    /// Forgets all scores.
    public mutating func restart() { recent = [] }
}
