// SPDX-License-Identifier: Apache-2.0

/// Compares a candidate with the model it is to replace, on the same live windows, before it may raise an alarm.
public struct ShadowComparison: Sendable, Equatable {
    /// The answer so far.
    public enum Verdict: Sendable, Equatable {
        /// Too few windows yet: neither good nor bad.
        case inconclusive
        case passed
        case failed(String)
    }

    /// Windows to compare on.
    public let neededWindows: Int
    /// Share of windows that the candidate may find anomalous beyond those that the active model does.
    public let toleratedShare: Double
    public private(set) var windows = 0
    public private(set) var candidateAnomalous = 0
    public private(set) var activeAnomalous = 0
    public private(set) var notFinite = 0
    /// Reconstruction errors on the windows that both have scored.
    public private(set) var candidateErrors = ScoreSample()
    public private(set) var activeErrors = ScoreSample()
    /// What scoring one window takes, in microseconds.
    public private(set) var candidateMicroseconds = ScoreSample()
    public private(set) var activeMicroseconds = ScoreSample()

    public init(neededWindows: Int, toleratedShare: Double = 0.1) {
        self.neededWindows = neededWindows
        self.toleratedShare = toleratedShare
    }

    /// Takes in one window that both have scored. Windows under an alarm of the active model say nothing and are left
    /// out.
    ///
    /// - Parameter active: the active model's answer; `nil` where there is none yet.
    public mutating func add(candidate: ScoredWindow, active: ScoredWindow?, isFiring: Bool) {
        guard candidate.error.isFinite, candidate.error < .greatestFiniteMagnitude else {
            notFinite += 1
            return
        }
        guard !isFiring else { return }
        windows += 1
        if candidate.isAnomalous { candidateAnomalous += 1 }
        guard let active else { return }
        if active.isAnomalous { activeAnomalous += 1 }
        guard active.error.isFinite else { return }
        candidateErrors.add(candidate.error)
        activeErrors.add(active.error)
    }

    /// Takes in how long both took to score one window.
    public mutating func add(candidate: Duration, active: Duration) {
        candidateMicroseconds.add(candidate / .microseconds(1))
        activeMicroseconds.add(active / .microseconds(1))
    }

    /// Median and 95 % quantile of the errors, and the median time to score a window, of both; absent where there are none.
    public var evidence: [String: Double] {
        var evidence: [String: Double] = [:]
        evidence["shadow.candidateErrorMedian"] = candidateErrors.median
        evidence["shadow.activeErrorMedian"] = activeErrors.median
        evidence["shadow.candidateError95"] = candidateErrors.quantile(0.95)
        evidence["shadow.activeError95"] = activeErrors.quantile(0.95)
        evidence["shadow.candidateMicroseconds"] = candidateMicroseconds.median
        evidence["shadow.activeMicroseconds"] = activeMicroseconds.median
        return evidence
    }

    public var verdict: Verdict {
        if notFinite > 0 { return .failed("it gave \(notFinite) scores that are not finite") }
        // Judged early as well: a candidate that alarms all the time need not be watched to the end.
        let allowed = Double(activeAnomalous) + max(2, toleratedShare * Double(neededWindows))
        if Double(candidateAnomalous) > allowed {
            return .failed(
                "it found \(candidateAnomalous) of \(windows) live windows anomalous, the active model \(activeAnomalous)"
            )
        }
        return windows >= neededWindows ? .passed : .inconclusive
    }
}
