// SPDX-License-Identifier: Apache-2.0

/// What makes an alarm, and what ends it.
public struct AlarmPolicy: Sendable, Codable, Hashable {
    /// Anomalous windows in a row that raise an alarm.
    public var raiseAfter: Int
    /// Calm windows in a row that clear it.
    public var clearAfter: Int
    /// A window is calm if its score is at most this share of the threshold, above 0 and at most 1.
    public var clearRatio: Double
    /// How scores are smoothed before they are held against the threshold, over so many windows; 1 is not at all.
    public var smoothing: ScoreSmoother.Kind
    public var smoothingSpan: Int
    /// How long windows must have been anomalous before they raise an alarm, in milliseconds.
    public var minimumDurationMilliseconds: Int
    /// How long after an alarm no other is raised of the same device, unless it is a critical one, in milliseconds. What
    /// is still odd then is raised then.
    public var coolDownMilliseconds: Int

    public init(
        raiseAfter: Int = 3, clearAfter: Int = 12, clearRatio: Double = 0.8, smoothing: ScoreSmoother.Kind = .mean,
        smoothingSpan: Int = 1, minimumDurationMilliseconds: Int = 0, coolDownMilliseconds: Int = 0
    ) {
        self.raiseAfter = raiseAfter
        self.clearAfter = clearAfter
        self.clearRatio = clearRatio
        self.smoothing = smoothing
        self.smoothingSpan = smoothingSpan
        self.minimumDurationMilliseconds = minimumDurationMilliseconds
        self.coolDownMilliseconds = coolDownMilliseconds
    }
}
