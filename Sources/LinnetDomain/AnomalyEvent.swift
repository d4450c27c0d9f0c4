// SPDX-License-Identifier: Apache-2.0

/// What one channel had to do with an anomaly.
public struct ChannelContribution: Hashable, Sendable {
    public var channel: String
    /// This channel's share of the reconstruction error, 0 to 1; all channels' shares add up to 1.
    public var share: Double
    /// The channel's mean over the window as the sensor gave it, in the channel's unit.
    public var observed: Double
    /// The same mean as the model reconstructs it.
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
/// The same alarm is reported when it fires (`revision` 1) and when it has cleared (`revision` 2), under one `id`.
public struct AnomalyEvent: Hashable, Sendable {
    /// Whether the alarm still goes on.
    public enum State: String, Hashable, Sendable, Codable { case firing, cleared }

    public var id: ULID
    /// 1 when the alarm fired, 2 when it cleared; a higher revision replaces a lower one.
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
    /// Reconstruction error of the window that fired the alarm, in units of the scaled mean squared error.
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

    public init(
        id: ULID, revision: Int, agent: AgentID, device: DeviceID, state: State, startedAt: Timestamp,
        endedAt: Timestamp, reportedAt: Timestamp, score: Double, peakScore: Double, threshold: Double,
        model: ModelVersion, contributions: [ChannelContribution], windows: Int
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
    }

    /// The channel with the largest share, if any was recorded.
    public var topChannel: String? { contributions.first?.channel }
}
