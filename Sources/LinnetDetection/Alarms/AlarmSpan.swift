// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// From when to when an alarm reaches, and how bad it got.
public struct AlarmSpan: Sendable, Codable, Hashable {
    /// First sample of the first anomalous window.
    public var startedAt: Timestamp
    /// Last sample of the last anomalous window.
    public var endedAt: Timestamp
    /// Score and threshold of the window that raised the alarm.
    public var score: Double
    public var threshold: Double
    public var peakScore: Double
    /// Anomalous windows so far.
    public var windows: Int
    /// Which detector the score came from.
    public var detector: DetectorKind

    /// The span of one anomalous window.
    init(of window: ScoredWindow) {
        startedAt = window.start
        endedAt = window.end
        score = Self.finite(window.score)
        threshold = window.threshold
        peakScore = score
        windows = 1
        detector = window.detector
    }

    /// Takes in another anomalous window.
    mutating func extend(with window: ScoredWindow) {
        endedAt = max(endedAt, window.end)
        peakScore = max(peakScore, Self.finite(window.score))
        windows += 1
    }

    /// Makes a window the one that raised the alarm.
    mutating func raise(with window: ScoredWindow) {
        score = Self.finite(window.score)
        threshold = window.threshold
        detector = window.detector
    }

    /// How long it is, in milliseconds.
    public var milliseconds: Int64 { max(0, endedAt.milliseconds(since: startedAt)) }

    /// How bad it got.
    public var severity: AlarmSeverity {
        let ratio = threshold > 0 ? peakScore / threshold : .infinity
        return AlarmSeverity(ratio: ratio.isNaN ? .infinity : ratio, milliseconds: milliseconds)
    }

    /// JSON has no numbers that are not finite, and an alarm must be stored.
    private static func finite(_ score: Double) -> Double { score.isFinite ? score : .greatestFiniteMagnitude }
}
