// SPDX-License-Identifier: Apache-2.0

/// What one channel had to do with an anomaly.
public struct ChannelContribution: Hashable, Sendable {
    public var channel: String
    /// This channel's share of what is odd about the window, 0 to 1; all channels' shares add up to 1.
    public var share: Double
    /// The channel's mean over the window as the sensor gave it, in the channel's unit.
    public var observed: Double
    /// The same mean as the detector expected it.
    public var expected: Double

    public init(channel: String, share: Double, observed: Double, expected: Double) {
        self.channel = channel
        self.share = share
        self.observed = observed
        self.expected = expected
    }
}

/// One alarm of one device: what an agent reports, and what the coordinator keeps.
///
/// The same alarm is reported when it fires (`revision` 1), each time it becomes more severe, and when it has cleared, under
/// one `id`.
public struct AnomalyEvent: Hashable, Sendable {
    /// Whether the alarm still goes on.
    public enum State: String, Hashable, Sendable, Codable { case firing, cleared }

    public var id: ULID
    /// 1 when the alarm fired; a higher revision replaces a lower one.
    public var revision: Int
    public var agent: AgentID
    public var device: DeviceID
    public var state: State
    /// First sample of the first window that counted towards this alarm.
    public var startedAt: Timestamp
    /// Last sample of the last window that counted towards it, as far as known.
    public var endedAt: Timestamp
    /// When the agent wrote this revision.
    public var reportedAt: Timestamp
    /// How surprising the window was that fired the alarm: `-log10` of the probability that a normal one is as odd.
    public var score: Double
    /// Highest score so far.
    public var peakScore: Double
    /// The level that the score had to exceed.
    public var threshold: Double
    /// The model that scored it.
    public var model: ModelVersion
    /// Every channel of the device, largest share first.
    public var contributions: [ChannelContribution]
    /// Windows that were above the threshold while the alarm went on.
    public var windows: Int
    /// Which detector raised it; absent where that was not told.
    public var detector: DetectorKind?
    /// How bad it is; absent where that was not told.
    public var severity: AlarmSeverity?
    /// The first alarm of the same cause, on another device of the agent; absent where this is the first, or the only one.
    public var cause: ULID?
    /// Earlier alarms of the device that it looks like, the most alike first.
    public var similar: [SimilarAlarm]

    public init(
        id: ULID, revision: Int, agent: AgentID, device: DeviceID, state: State, startedAt: Timestamp,
        endedAt: Timestamp, reportedAt: Timestamp, score: Double, peakScore: Double, threshold: Double,
        model: ModelVersion, contributions: [ChannelContribution], windows: Int, detector: DetectorKind? = nil,
        severity: AlarmSeverity? = nil, cause: ULID? = nil, similar: [SimilarAlarm] = []
    ) {
        self.id = id
        self.revision = revision
        self.agent = agent
        self.device = device
        self.state = state
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.reportedAt = reportedAt
        self.score = score
        self.peakScore = peakScore
        self.threshold = threshold
        self.model = model
        self.contributions = contributions
        self.windows = windows
        self.detector = detector
        self.severity = severity
        self.cause = cause
        self.similar = similar
    }

    /// The channel with the largest share, if any was recorded.
    public var topChannel: String? { contributions.first?.channel }
}
