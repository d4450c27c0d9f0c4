// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging

/// Rollouts, the agents they reach, and what those have measured. Every change is one transaction with its audit rows, and
/// happens only if the rollout still stands at the revision that the change was made from.
public protocol RolloutStore: Sendable {
    /// Stores a draft and gives it its number.
    func add(_ rollout: Rollout, audit: (Rollout) -> AuditEntry) throws -> Rollout
    /// Stores a change; `false` if the rollout no longer stands where the change was made from, and then nothing changes.
    func save(_ change: RolloutChange) throws -> Bool
    func rollout(_ number: Int) throws -> Rollout?
    /// Newest first.
    func rollouts(limit: Int) throws -> [Rollout]
    /// Those that have been started and are not over.
    func startedRollouts() throws -> [Rollout]
    /// The newest of a cohort that has been started.
    func lastRollout(of cohort: CohortID) throws -> Rollout?
    /// In order of the agents' names.
    func targets(of rollout: Int) throws -> [RolloutTarget]
    /// Every change of every agent of a rollout, oldest first.
    func evidence(of rollout: Int, limit: Int) throws -> [EvidenceEntry]
    /// The number of the cohort's next release, whomever it is for.
    func nextRelease(of cohort: CohortID) throws -> Int
    /// What a release of a version says of it; `nil` where it is not stored.
    func provenance(of digest: Digest) throws -> VersionProvenance?
    /// The versions of a cohort that a number, an alias or the first eight digits or more of a digest mean.
    func versions(of cohort: CohortID, named name: String) throws -> [VersionProvenance]
    /// Alarms that a version has raised on the agents of a rollout.
    func alarms(of version: ModelVersion, on rollout: Int, since: Timestamp) throws -> Int
    /// Stores a version that somebody brings in; `false` if its bytes are stored already.
    func bring(_ version: VersionRecord, audit: AuditEntry) throws -> Bool
    /// Lets a name mean a version, in place of what it meant before.
    func name(_ alias: String, cohort: CohortID, version: ModelVersion, audit: AuditEntry) throws
}

/// One step of a rollout, as it is stored: all of it or nothing.
public struct RolloutChange: Sendable {
    /// As it is to stand, with its new revision.
    public var rollout: Rollout
    /// The revision that it was made from.
    public var from: Int
    /// Those that have changed.
    public var targets: [RolloutTarget]
    /// Manifests that become releases, and whether each is for the whole cohort.
    public var releases: [(manifest: ReleaseManifest, isForAll: Bool)]
    /// A version that must not be used again, and why.
    public var quarantine: (version: ModelVersion, why: String)?
    public var audit: [AuditEntry]

    public init(
        rollout: Rollout, from: Int, targets: [RolloutTarget] = [],
        releases: [(manifest: ReleaseManifest, isForAll: Bool)] = [],
        quarantine: (version: ModelVersion, why: String)? = nil, audit: [AuditEntry] = []
    ) {
        self.rollout = rollout
        self.from = from
        self.targets = targets
        self.releases = releases
        self.quarantine = quarantine
        self.audit = audit
    }
}

/// One change of one agent in a rollout.
public struct EvidenceEntry: Codable, Sendable, Equatable {
    public var rollout: Int
    public var agent: AgentID
    public var at: Timestamp
    public var state: TargetState
    public var reason: String
    public var evidence: [String: Double]

    public init(
        rollout: Int, agent: AgentID, at: Timestamp, state: TargetState, reason: String, evidence: [String: Double]
    ) {
        self.rollout = rollout
        self.agent = agent
        self.at = at
        self.state = state
        self.reason = reason
        self.evidence = evidence
    }
}

/// Where a stored version comes from, as much as a release says of it.
public struct VersionProvenance: Sendable, Equatable {
    public var cohort: CohortID
    public var version: ModelVersion
    public var parent: Digest?
    public var round: Int
    public var participants: Int
    /// Who brought it in, where no round made it.
    public var origin: String?
    public var bytes: Int
    /// Why it must not be used again; absent while it may.
    public var quarantine: String?

    public init(
        cohort: CohortID, version: ModelVersion, parent: Digest?, round: Int, participants: Int, origin: String?,
        bytes: Int, quarantine: String?
    ) {
        self.cohort = cohort
        self.version = version
        self.parent = parent
        self.round = round
        self.participants = participants
        self.origin = origin
        self.bytes = bytes
        self.quarantine = quarantine
    }
}
