// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// A window's score beside the level it is held against.
public struct ScoredWindow: Sendable, Equatable {
    public var start: Timestamp
    public var end: Timestamp
    public var score: Double
    public var threshold: Double
    /// Which detector the score came from.
    public var detector: DetectorKind
    /// The model's reconstruction error, in squared scales; the score itself where nothing else is known.
    public var error: Double

    public init(
        start: Timestamp, end: Timestamp, score: Double, threshold: Double, detector: DetectorKind = .model,
        error: Double? = nil
    ) {
        self.start = start
        self.end = end
        self.score = score
        self.threshold = threshold
        self.detector = detector
        self.error = error ?? score
    }

    /// Whether the window is anomalous; a score that is not a number is.
    public var isAnomalous: Bool { !(score <= threshold) }
}

/// What a window changed.
public enum AlarmTransition: Sendable, Equatable {
    /// An alarm begins: report it.
    case raised(AlarmSpan)
    /// The alarm has become more severe: report it anew.
    case worsened(AlarmSpan)
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

    public let policy: AlarmPolicy
    private var state: Phase = .normal
    private var smoother: ScoreSmoother
    /// When the last alarm cleared.
    private var clearedAt: Timestamp?

    public init(policy: AlarmPolicy) {
        self.policy = policy
        smoother = ScoreSmoother(policy.smoothing, span: policy.smoothingSpan)
    }

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

    /// Goes on where another one stood, by this one's policy.
    public func continuing(_ other: AlarmState) -> AlarmState {
        var state = self
        (state.state, state.clearedAt) = (other.state, other.clearedAt)
        return state
    }

    /// Takes in the next window of the device.
    public mutating func handle(_ scored: ScoredWindow) -> AlarmTransition? {
        var window = scored
        // JSON has no numbers that are not finite, and the state must be stored; what is none is as bad as can be.
        window.score = smoother.handle(scored.score.isFinite ? scored.score : .greatestFiniteMagnitude)
        switch (state, window.isAnomalous) {
        case (.normal, false): return nil
        case (.normal, true): return pend(AlarmSpan(of: window), window)
        case (.pending, false):
            state = .normal
            return nil
        case (.pending(var span), true):
            span.extend(with: window)
            return pend(span, window)
        case (.firing(var span, _), true):
            let severity = span.severity
            span.extend(with: window)
            state = .firing(span, calm: 0)
            return span.severity > severity ? .worsened(span) : nil
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
            clearedAt = window.end
            return .cleared(span)
        }
    }

    private mutating func pend(_ span: AlarmSpan, _ window: ScoredWindow) -> AlarmTransition? {
        var raised = span
        raised.raise(with: window)
        guard span.windows >= policy.raiseAfter, span.milliseconds >= Int64(policy.minimumDurationMilliseconds),
            !isCoolingDown(at: window.end) || raised.severity == .critical
        else {
            state = .pending(span)
            return nil
        }
        state = .firing(raised, calm: 0)
        return .raised(raised)
    }

    /// A clock that was set back cools nothing down.
    private func isCoolingDown(at time: Timestamp) -> Bool {
        guard let clearedAt else { return false }
        return (0..<Int64(policy.coolDownMilliseconds)).contains(time.milliseconds(since: clearedAt))
    }
}
