// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// What a threshold has done on normal windows that it was not fitted on.
public struct HeldOutAlarms: Sendable, Codable, Hashable {
    /// How long the windows are, in days.
    public var days: Double
    /// Windows above the threshold, and alarms raised.
    public var windows: Int
    public var alarms: Int

    /// Alarms a day. A few hours without one do not prove that there is none a day: it is then an upper figure, the rate
    /// at which such hours would still be as likely as not.
    public var perDay: Double { alarms > 0 ? Double(alarms) / days : 0.693 / days }

    /// Fits a threshold on the older half of held-back scores and counts on the newer half.
    ///
    /// - Returns: `nil` where half of them are too few to fit on.
    static func count(
        _ scores: [Double], kind: ThresholdKind, exceedance: Double, windowsPerDay: Double, policy: AlarmPolicy
    ) -> HeldOutAlarms? {
        let half = scores.count / 2
        guard half >= QuantileThreshold.minimumScores, windowsPerDay > 0,
            // Too few of them is the only thing that can be wrong.
            var fitted = try? kind.fit(Array(scores[..<half]), exceedance: exceedance)
        else { return nil }
        var state = AlarmState(policy: policy)
        var counted = HeldOutAlarms(days: Double(scores.count - half) / windowsPerDay, windows: 0, alarms: 0)
        for score in scores[half...] {
            let window = ScoredWindow(
                start: Timestamp(milliseconds: 0), end: Timestamp(milliseconds: 0), score: score,
                threshold: fitted.level)
            if window.isAnomalous { counted.windows += 1 }
            if case .raised = state.handle(window) { counted.alarms += 1 }
            guard fitted.peaks?.handle(score) != nil else { continue }
            fitted.level = fitted.peaks?.threshold ?? fitted.level
        }
        return counted
    }
}
