// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging
import LinnetNumerics

/// What storing an event came to.
public enum EventOutcome: Sendable, Equatable {
    /// A new event, or a newer revision of a known one.
    case stored
    /// Known already; nothing changed.
    case duplicate
    /// The id is that of another agent's event; nothing changed.
    case foreign
}

/// Anomaly events, each once.
///
/// Stores are synchronous: a commit in SQLite is short, and the bus may only acknowledge a message to the broker after it.
public protocol EventStore: Sendable {
    /// Stores an event and moves the agent's low-water mark, in one transaction.
    ///
    /// Idempotent on id and revision. An event whose number has been taken before and that is not stored any more is
    /// either one that retention removed, and stays away, or from an agent that has lost its database: then the mark
    /// starts anew.
    func record(_ message: AnomalyMessage, at now: Timestamp) throws -> EventOutcome
    /// Every outbox message of the agent up to this number is stored, or was dropped by the agent; 0 for none.
    func mark(of agent: AgentID) throws -> Int64
    /// A page of events in the order of rows.
    func events(after row: Int64, limit: Int, agent: AgentID?, device: DeviceID?) throws -> [EventReport]

    /// The newest events in rows below `row`, newest first.
    func newestEvents(before row: Int64, limit: Int, agent: AgentID?, device: DeviceID?) throws -> [EventReport]
    /// How many events are stored, and how many of them still fire.
    func eventCounts() throws -> (stored: Int, firing: Int)
}

/// Agents and cohorts.
public protocol AgentStore: Sendable {
    /// Writes what is known of some agents, in one transaction.
    func save(_ agents: [AgentRecord]) throws
    func agents() throws -> [AgentRecord]
    /// Makes the cohort known; answers whether it is new.
    func addCohort(_ id: CohortID, contract: SignalContract, audit: AuditEntry) throws -> Bool
    func cohorts() throws -> [CohortID: SignalContract]
    /// Notes the key that an agent's updates are signed with, and writes the audit row if it is another than before.
    ///
    /// Another key is another installation of the agent: its sequence numbers start anew.
    func note(key: VerifyingKey, of agent: AgentID, at now: Timestamp, audit: (KeyChange) -> AuditEntry) throws
}

/// What is new about an agent's key.
public enum KeyChange: Sendable, Equatable {
    /// It is the first of this agent.
    case first
    /// The operator has put another one in its place.
    case changed
}

/// Rounds and their updates. Every change of phase is one transaction with its audit row, and happens only if the round
/// still stands where the caller believes it to stand.
public protocol RoundStore: Sendable {
    /// Stores a new round and gives it its number.
    func open(_ round: Round, audit: (Round) -> AuditEntry) throws -> Round
    /// Moves a round on; `false` if it no longer stands at `from`, and then nothing changes.
    func move(_ round: Round, from: RoundPhase, audit: AuditEntry) throws -> Bool
    /// Ends a round with its versions, and with releases of them if there are any; who has contributed to a lineage's
    /// version belongs to that lineage from now on.
    ///
    /// - Parameter keptRounds: committed rounds of the cohort, this one among them, whose updates are kept for a check; the
    ///   weights of older ones go.
    func commit(
        _ round: Round, versions: [VersionRecord], releases: [ReleaseManifest], keptRounds: Int, audit: [AuditEntry]
    ) throws -> Bool
    /// Takes in an update: the update, the agent's last sequence number and the audit row, in one transaction.
    func accept(_ update: UpdateRecord, audit: AuditEntry) throws
    /// Notes a refusal.
    func refuse(_ verdict: UpdateVerdict, audit: AuditEntry) throws
    func openRounds() throws -> [Round]
    func lastRound(of cohort: CohortID) throws -> Round?
    /// The newest round that was to make a version: statistics or training.
    func lastMakingRound(of cohort: CohortID) throws -> Round?
    func round(_ number: Int) throws -> Round?
    /// The accepted updates of a round; without their bodies once those are gone.
    func updates(of round: Int) throws -> [UpdateRecord]
    /// The headers of the accepted updates of a round, in agent order.
    func updateHeaders(of round: Int) throws -> [UpdateHeader]
    /// The body of an accepted update; `nil` once it is gone.
    func updateBody(of round: Int, agent: AgentID) throws -> Data?
    /// The change of a control variate that came with an accepted update; `nil` if none did, or once it is gone.
    func updateControl(of round: Int, agent: AgentID) throws -> ParameterVector?
    func acceptedAgents(of round: Int) throws -> Set<AgentID>
    /// Highest sequence number ever taken from this agent; 0 for none.
    func lastSequence(of agent: AgentID) throws -> Int64
    /// What was said of the agent's last updates, newest last.
    func verdicts(of agent: AgentID, limit: Int) throws -> [UpdateVerdict]
    /// What was said of the updates of a round, newest last.
    func verdicts(in round: Int) throws -> [UpdateVerdict]
    func rounds(limit: Int) throws -> [RoundReport]
    func roundCounts() throws -> [CohortID: RoundCounts]
    /// Updates that were refused and are still recorded.
    func refusedUpdates() throws -> Int
}

/// How the rounds of one cohort ended.
public struct RoundCounts: Sendable, Equatable {
    /// Training rounds that made a version.
    public var committed = 0
    public var abandoned = 0
    public var firstLoss: Double?
    public var lastLoss: Double?

    public init() {}
}

/// Model versions and releases.
public protocol ModelStore: Sendable {
    /// The newest version of the first lineage that may be used: not one in quarantine, nor one that was brought in and that the whole cohort has
    /// not been given.
    func newest(of cohort: CohortID) throws -> ModelVersion?
    /// The highest number that any version of the cohort has; 0 for none.
    func lastNumber(of cohort: CohortID) throws -> Int
    /// The stored versions of a cohort from this number on.
    func versions(of cohort: CohortID, from number: Int) throws -> [ModelVersion]
    func file(of digest: Digest) throws -> Data?
    /// What the strategy remembered when it made this version; `nil` where it remembers nothing.
    func serverState(of digest: Digest) throws -> Data?
    /// The size of a version's file, without reading it.
    func fileBytes(of digest: Digest) throws -> Int?
    /// The newest release of each cohort.
    func releases() throws -> [ReleaseManifest]
    /// The newest versions that may be used of a cohort's other lineages, by their numbers from 1 on without a gap.
    func lineages(of cohort: CohortID) throws -> [ModelVersion]
    /// Who belongs to which lineage, as far as anybody has found one.
    func lineageMembers(of cohort: CohortID) throws -> [AgentID: Int]
    /// The newest release of each lineage.
    func lineageReleases(of cohort: CohortID) throws -> [Int: ReleaseManifest]
    func models(limit: Int) throws -> [ModelReport]
}

/// The log of who did what, to what, and why; rows are chained by digest.
public protocol AuditLog: Sendable {
    func append(_ entry: AuditEntry) throws
    func audit(after row: Int64, limit: Int) throws -> [AuditEntry]
    /// The newest entries in rows below `row`, newest first.
    func newestAudit(before row: Int64, limit: Int) throws -> [AuditEntry]
    /// The first row whose digest is not that of its contents and its predecessor; `nil` if the chain holds.
    func firstBrokenAuditRow() throws -> Int64?
}

/// All that the coordinator keeps.
public protocol FleetStore: EventStore, AgentStore, RoundStore, ModelStore, RolloutStore, AuditLog {
    /// A folder on disk for what a round has to read more than once and memory should not hold.
    var scratchDirectory: String { get }
    /// Throws away what is over the limits, a bounded amount at a time; answers how many rows went.
    func retain(_ limits: RetentionLimits) throws -> Int
}

/// How much is kept.
public struct RetentionLimits: Sendable, Equatable {
    public var events: Int
    /// Versions a cohort; released versions and bases of open rounds are kept above it.
    public var versions: Int
    /// Committed rounds of a cohort whose updates are kept, so that their result can be computed again.
    public var updateRounds: Int
    public var audit: Int

    public init(events: Int = 1_000_000, versions: Int = 50, updateRounds: Int = 3, audit: Int = 1_000_000) {
        self.events = events
        self.versions = versions
        self.updateRounds = updateRounds
        self.audit = audit
    }
}
