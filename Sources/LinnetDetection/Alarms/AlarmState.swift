// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// A window's score beside the level it is held against.
public struct ScoredWindow: Sendable, Equatable {
    public var start: Timestamp
    public var end: Timestamp
    public var score: Double
    public var threshold: Double

    public init(start: Timestamp, end: Timestamp, score: Double, threshold: Double) {
        self.start = start
        self.end = end
        self.score = score
        self.threshold = threshold
    }

    /// Whether the window is anomalous; a score that is not a number is.
    public var isAnomalous: Bool { !(score <= threshold) }
}

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
}

/// What a window changed.
public enum AlarmTransition: Sendable, Equatable {
    /// An alarm begins: report it.
    case raised(AlarmSpan)
    /// The alarm is over: report its whole span.
    case cleared(AlarmSpan)
}

/// Turns scores into alarms: normal → pending → firing → cleared, so that one fault is one alarm however its scores
/// flicker.
///
/// It is stored with every change; an agent that was killed while an alarm fired goes on with the same alarm.
public struct AlarmState: Sendable, Codable, Hashable {
    /// Between the two levels nothing changes: that is the hysteresis.
    private enum Phase: Sendable, Codable, Hashable {
        case normal
        case pending(AlarmSpan)
        case firing(AlarmSpan, calm: Int)
    }

    public var policy: AlarmPolicy
    private var state: Phase = .normal

    public init(policy: AlarmPolicy) { self.policy = policy }

    public var phase: AlarmPhase {
        switch state {
        case .normal: .normal
        case .pending: .pending
        case .firing: .firing
        }
    }

    /// The alarm that is pending or firing.
    public var span: AlarmSpan? {
        switch state {
        case .normal: nil
        case .pending(let span), .firing(let span, _): span
        }
    }

    /// Takes in the next window of the device.
    public mutating func handle(_ window: ScoredWindow) -> AlarmTransition? {
        switch (state, window.isAnomalous) {
        case (.normal, false): return nil
        case (.normal, true): return pend(Self.span(of: window), window)
        case (.pending, false):
            state = .normal
            return nil
        case (.pending(let span), true): return pend(Self.span(span, with: window), window)
        case (.firing(let span, _), true):
            state = .firing(Self.span(span, with: window), calm: 0)
            return nil
        case (.firing(let span, let calm), false):
            guard window.score <= window.threshold * policy.clearRatio else {
                state = .firing(span, calm: 0)
                return nil
            }
            guard calm + 1 >= policy.clearAfter else {
                state = .firing(span, calm: calm + 1)
                return nil
            }
            state = .normal
            return .cleared(span)
        }
    }

    private mutating func pend(_ span: AlarmSpan, _ window: ScoredWindow) -> AlarmTransition? {
        guard span.windows >= policy.raiseAfter else {
            state = .pending(span)
            return nil
        }
        var raised = span
        raised.score = Self.finite(window.score)
        raised.threshold = window.threshold
        state = .firing(raised, calm: 0)
        return .raised(raised)
    }

    private static func span(of window: ScoredWindow) -> AlarmSpan {
        AlarmSpan(
            startedAt: window.start, endedAt: window.end, score: finite(window.score), threshold: window.threshold,
            peakScore: finite(window.score), windows: 1)
    }

    private static func span(_ span: AlarmSpan, with window: ScoredWindow) -> AlarmSpan {
        var span = span
        span.endedAt = max(span.endedAt, window.end)
        span.peakScore = max(span.peakScore, finite(window.score))
        span.windows += 1
        return span
    }

    /// JSON has no numbers that are not finite, and an alarm must be stored.
    private static func finite(_ score: Double) -> Double { score.isFinite ? score : .greatestFiniteMagnitude }
}
