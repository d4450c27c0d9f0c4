// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Announces what a participant sends back in a round: part 0 of an update, signed by the agent.
///
/// The body, in parts from 1 on, is the base model file with the trained weights in it (architecture unchanged), or
/// the JSON of a ``StatisticsBody`` or an ``EvaluationBody``.
public struct UpdateHeader: SignedPayload, Equatable {
    public static let payloadType = "application/vnd.linnet.update.v1+json"

    public var agent: AgentID
    public var cohort: CohortID
    public var round: Int
    public var kind: RoundKind
    /// The version this was trained from, or is about; absent in a statistics round.
    public var base: ModelVersion?
    /// Windows it was trained on, or that it is of.
    public var windows: Int
    /// Mean reconstruction error on the participant's held-out windows before and after; in training rounds only.
    public var lossBefore: Double?
    public var lossAfter: Double?
    /// The scores of the held-out windows under the trained weights; only where the offer asks for them.
    public var scores: QuantileSketch?
    public var plan: ChunkPlan
    /// Counts up over all updates of this agent, and is stored before it is used: a repeated one is a replay.
    public var sequence: Int64
    public var at: Timestamp

    public init(
        agent: AgentID, cohort: CohortID, round: Int, kind: RoundKind, base: ModelVersion?, windows: Int,
        lossBefore: Double?, lossAfter: Double?, scores: QuantileSketch? = nil, plan: ChunkPlan, sequence: Int64,
        at: Timestamp
    ) {
        self.agent = agent
        self.cohort = cohort
        self.round = round
        self.kind = kind
        self.base = base
        self.windows = windows
        self.lossBefore = lossBefore
        self.lossAfter = lossAfter
        self.scores = scores
        self.plan = plan
        self.sequence = sequence
        self.at = at
    }

    public func check() throws(WireError) {
        try plan.check()
        guard (0...1_000_000_000).contains(windows) else {
            throw .notAllowed(field: "windows", found: "\(windows)", allowed: "0 to 1000000000")
        }
        guard sequence > 0 else { throw .notAllowed(field: "sequence", found: "\(sequence)", allowed: "1 or more") }
        guard round > 0 else { throw .notAllowed(field: "round", found: "\(round)", allowed: "1 or more") }
        if let scores, !scores.isPlausible || scores.minimum < 0 || scores.count > Double(windows) {
            throw .notAllowed(
                field: "scores", found: "a distribution no scores can have",
                allowed: "finite, in order, 0 or more, of at most \(windows) windows")
        }
    }
}

/// The body of an update in a statistics round.
public struct StatisticsBody: Codable, Sendable, Equatable, WireChecked {
    /// Moments of each channel within each device (deviations from the device's own level), merged over the agent's
    /// devices; in the order of the contract.
    public var channels: [ChannelMoments]
    /// The distribution of the same deviations, channel by channel; absent where it would be too much to send.
    public var sketches: [QuantileSketch]?

    /// Most channels of which sketches are sent: a sketch takes about 1.5 KiB.
    public static let maximumSketches = 512

    public init(channels: [ChannelMoments], sketches: [QuantileSketch]? = nil) {
        self.channels = channels
        self.sketches = sketches
    }

    public func check() throws(WireError) {
        guard (1...4096).contains(channels.count) else {
            throw .notAllowed(field: "channels", found: "\(channels.count)", allowed: "1 to 4096")
        }
        for (position, moments) in channels.enumerated() where !moments.isPlausible {
            throw .notAllowed(
                field: "channels[\(position)]", found: "moments no data can have", allowed: "finite, in order")
        }
        guard let sketches else { return }
        guard sketches.count == channels.count, sketches.count <= Self.maximumSketches else {
            throw .notAllowed(
                field: "sketches", found: "\(sketches.count)",
                allowed: "absent, or \(channels.count), at most \(Self.maximumSketches)")
        }
        for (position, sketch) in sketches.enumerated()
        where !sketch.isPlausible || sketch.count != Double(channels[position].count) {
            throw .notAllowed(
                field: "sketches[\(position)]", found: "a distribution no data can have",
                allowed: "finite, in order, of \(channels[position].count) values")
        }
    }
}
