// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetMessaging

/// Where a round stands. It only ever moves down this list, and `committed` and `abandoned` are final.
public enum RoundPhase: String, Codable, Sendable, Hashable, CaseIterable {
    /// The offer stands; updates are taken.
    case collecting
    /// No more updates are taken; the accepted ones are becoming one model.
    case aggregating
    /// The result is stored.
    case committed
    /// It ended without a result.
    case abandoned

    public var isOver: Bool { self == .committed || self == .abandoned }
}

/// One federated step of a cohort, as it is stored.
public struct Round: Codable, Sendable, Equatable {
    /// Counts up over all cohorts; given by the store.
    public var number: Int
    public var cohort: CohortID
    public var kind: RoundKind
    public var phase: RoundPhase
    /// The version to train from, or to evaluate; absent in a statistics round.
    public var base: ModelReference?
    /// How many lineages the cohort is to have; absent where it has one.
    public var clusters: ClusterTerms?
    /// The newest versions of the cohort's other lineages, by their numbers from 1 on.
    public var lineages: [ModelReference]?
    /// Where there are control variates: the file of the fleet's, absent while it is zero, and how many agents the cohort has.
    public var control: ChunkPlan?
    public var agents: Int?
    public var settings: ClientSettings
    public var participants: [AgentID]
    /// Updates that end the round early.
    public var goal: Int
    /// Updates without which it is abandoned at its deadline.
    public var quorum: Int
    public var minimumWindows: Int
    public var openedAt: Timestamp
    public var deadline: Timestamp
    /// Over how long participants spread their beginnings; absent where all begin at once.
    public var spreadMilliseconds: Int?
    public var endedAt: Timestamp?
    /// What it made, or the first of it.
    public var version: ModelVersion?
    /// All that it made, where the cohort has several lineages.
    public var versions: [ModelVersion]?
    /// Window-weighted mean of the participants' held-out errors.
    public var lossBefore: Double?
    public var lossAfter: Double?
    /// What an evaluation round has found.
    public var evaluation: VersionEvaluation?
    /// Why it was abandoned.
    public var reason: String?

    public init(
        number: Int, cohort: CohortID, kind: RoundKind, base: ModelReference?, settings: ClientSettings,
        participants: [AgentID], goal: Int, quorum: Int, minimumWindows: Int, openedAt: Timestamp, deadline: Timestamp
    ) {
        self.number = number
        self.cohort = cohort
        self.kind = kind
        self.phase = .collecting
        self.base = base
        self.settings = settings
        self.participants = participants
        self.goal = goal
        self.quorum = quorum
        self.minimumWindows = minimumWindows
        self.openedAt = openedAt
        self.deadline = deadline
    }

    /// All versions that may be trained from, by the number of their lineage.
    public var bases: [ModelReference] { (base.map { [$0] } ?? []) + (lineages ?? []) }

    /// The offer that stands, or stood, for this round.
    ///
    /// - Parameter nextAt: when the next training round opens at the earliest, see ``RoundPolicy/nextAt(after:)``.
    public func offer(nextAt: Timestamp? = nil) -> RoundOffer {
        RoundOffer(
            cohort: cohort, round: number, kind: kind, isOpen: phase == .collecting, base: base, lineages: lineages,
            control: control, settings: settings,
            participants: participants, openedAt: openedAt, deadline: deadline,
            spreadMilliseconds: spreadMilliseconds, nextAt: nextAt)
    }
}
