// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// What came of computing a round's model once more from the updates that are stored.
public struct RoundVerification: Codable, Sendable, Equatable {
    public var round: Int
    /// What the round made at its time.
    public var version: ModelVersion
    /// The digest of what it makes now.
    public var recomputed: Digest
    /// How it was made.
    public var strategy: String
    /// Whose updates it was made from.
    public var participants: [AgentID]
    /// The versions of other lineages that the round made, and the digests of what it makes of them now.
    public var others: [Lineage]
    /// Whether all are the same, bit for bit.
    public var matches: Bool

    /// One lineage's version.
    public struct Lineage: Codable, Sendable, Equatable {
        public var version: ModelVersion
        public var recomputed: Digest

        public init(version: ModelVersion, recomputed: Digest) {
            self.version = version
            self.recomputed = recomputed
        }
    }

    public init(
        round: Int, version: ModelVersion, recomputed: Digest, others: [Lineage] = [], strategy: String,
        participants: [AgentID]
    ) {
        self.round = round
        self.version = version
        self.recomputed = recomputed
        self.strategy = strategy
        self.participants = participants
        self.others = others
        matches = recomputed == version.digest && others.allSatisfy { $0.recomputed == $0.version.digest }
    }
}

/// Why a round can not be computed again.
public enum RoundVerificationError: Error, Sendable, Equatable, CustomStringConvertible {
    case unknownRound(Int)
    /// It is under way, was abandoned, or made no model from weights.
    case noModel(Int, phase: RoundPhase, kind: RoundKind)
    /// Its updates, its version or its base are not stored any more.
    case gone(Int, what: String)
    /// Its version does not say by which strategy it was made, or in words of another version of Linnet.
    case unknownStrategy(Int)
    /// Computing it failed.
    case failed(Int, reason: String)

    public var description: String {
        switch self {
        case .unknownRound(let round): "there is no round \(round); linnet rounds lists the newest"
        case .noModel(let round, let phase, let kind):
            "round \(round) made no model that could be computed again: a \(kind.rawValue) round, \(phase.rawValue)"
        case .gone(let round, let what):
            "round \(round): \(what) gone; retention.updateRounds says of how many rounds updates are kept"
        case .unknownStrategy(let round):
            "round \(round): its version does not say by which strategy it was made"
        case .failed(let round, let reason): "round \(round) can not be computed again: \(reason)"
        }
    }
}
