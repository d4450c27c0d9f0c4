// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// One update that was refused.
public struct RefusalReport: Codable, Sendable, Equatable {
    public var agent: AgentID
    /// The reason in one fixed word, such as `not-finite`.
    public var code: String
    /// The reason in one sentence.
    public var reason: String

    public init(agent: AgentID, code: String, reason: String) {
        self.agent = agent
        self.code = code
        self.reason = reason
    }
}

/// What a round made of one of its cohort's lineages.
public struct LineageReport: Codable, Sendable, Equatable {
    public var lineage: Int
    public var version: ModelVersion
    /// Whose updates are in it.
    public var participants: [AgentID]

    public init(lineage: Int, version: ModelVersion, participants: [AgentID]) {
        self.lineage = lineage
        self.version = version
        self.participants = participants
    }
}

/// One round, open or over.
public struct RoundReport: Codable, Sendable, Equatable {
    public var round: Int
    public var cohort: CohortID
    public var kind: RoundKind
    /// `collecting`, `aggregating`, `committed` or `abandoned`.
    public var phase: String
    /// The version that was trained from, or evaluated; absent in a statistics round.
    public var base: ModelVersion?
    /// Who was asked.
    public var participants: [AgentID]
    /// Whose update was taken.
    public var accepted: [AgentID]
    public var refused: [RefusalReport]
    /// Bytes of the accepted updates' bodies as they came in.
    public var updateBytes: Int
    /// Mean of what participants reported before and after training, weighted by their windows.
    public var lossBefore: Double?
    public var lossAfter: Double?
    /// The version that came of it, or the first of them.
    public var version: ModelVersion?
    /// All that came of it and are still stored, by lineage; absent where the cohort has only one.
    public var lineages: [LineageReport]?
    public var openedAt: Timestamp
    public var deadline: Timestamp
    public var endedAt: Timestamp?
    /// Why the round ended as it did; absent while it is open.
    public var reason: String?
    /// What an evaluation round has found of its base.
    public var evaluation: VersionEvaluation?

    public init(
        round: Int, cohort: CohortID, kind: RoundKind, phase: String, base: ModelVersion?, participants: [AgentID],
        accepted: [AgentID], refused: [RefusalReport], updateBytes: Int, lossBefore: Double?, lossAfter: Double?,
        version: ModelVersion?, lineages: [LineageReport]? = nil, openedAt: Timestamp, deadline: Timestamp,
        endedAt: Timestamp?, reason: String?,
        evaluation: VersionEvaluation? = nil
    ) {
        self.round = round
        self.cohort = cohort
        self.kind = kind
        self.phase = phase
        self.base = base
        self.participants = participants
        self.accepted = accepted
        self.refused = refused
        self.updateBytes = updateBytes
        self.lossBefore = lossBefore
        self.lossAfter = lossAfter
        self.version = version
        self.lineages = lineages
        self.openedAt = openedAt
        self.deadline = deadline
        self.endedAt = endedAt
        self.reason = reason
        self.evaluation = evaluation
    }
}

/// The answer of `GET /api/v1/rounds`.
public struct RoundsPage: Codable, Sendable, Equatable {
    /// Newest first.
    public var rounds: [RoundReport]

    public init(rounds: [RoundReport]) { self.rounds = rounds }
}
