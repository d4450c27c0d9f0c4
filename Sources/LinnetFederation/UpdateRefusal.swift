// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Why an update does not take part in a round: one reason each, with a code for the audit trail.
public enum UpdateRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    // Who sent it.
    /// No public key of this agent is known.
    case unknownAgent(AgentID)
    /// The signature is not by the agent's key.
    case badSignature(AgentID)
    /// The header names another agent than the topic it came on.
    case wrongAgent(claimed: AgentID, sender: AgentID)
    /// The agent was not asked to take part.
    case notAParticipant(AgentID)

    // What it belongs to.
    /// The update is of another cohort.
    case wrongCohort(found: CohortID, expected: CohortID)
    /// The round is not open.
    case roundClosed(round: Int, open: Int?)
    /// The round gathers something else.
    case wrongKind(found: RoundKind, expected: RoundKind)
    /// It was trained from another version than the round's base.
    case staleBase(found: ModelVersion?, expected: ModelVersion?)
    /// The agent has used this sequence number, or a higher one, before.
    case replayed(sequence: Int64, last: Int64)
    /// The agent has an update in this round already.
    case duplicate(round: Int)

    // What it holds.
    /// The bytes are not what the header says they are.
    case malformed(String)
    /// The body's SHA-256 is not the one that was signed.
    case digestMismatch
    /// A number is NaN or infinite.
    case notFinite
    /// The number of parameters or channels is not the base's.
    case wrongShape(found: Int, expected: Int)
    /// The update moves the model further than an honest one does.
    case normTooLarge(norm: Double, limit: Double)
    /// It was trained on fewer windows than the round asks for.
    case tooFewWindows(found: Int, minimum: Int)
    /// By its own account the model got worse.
    case noProgress(before: Double, after: Double)
    /// The statistics of a channel are none that data can have.
    case implausible(channel: Int)

    /// The reason in one fixed word, for counters and audit rows.
    public var code: String {
        switch self {
        case .unknownAgent: "unknown-agent"
        case .badSignature: "bad-signature"
        case .wrongAgent: "wrong-agent"
        case .notAParticipant: "not-a-participant"
        case .wrongCohort: "wrong-cohort"
        case .roundClosed: "round-closed"
        case .wrongKind: "wrong-kind"
        case .staleBase: "stale-base"
        case .replayed: "replayed"
        case .duplicate: "duplicate"
        case .malformed: "malformed"
        case .digestMismatch: "digest-mismatch"
        case .notFinite: "not-finite"
        case .wrongShape: "wrong-shape"
        case .normTooLarge: "norm-too-large"
        case .tooFewWindows: "too-few-windows"
        case .noProgress: "no-progress"
        case .implausible: "implausible"
        }
    }

    public var description: String {
        switch self {
        case .unknownAgent(let agent):
            "no public key of agent \(agent) is known; put it among the trusted agents if it is one of yours"
        case .badSignature(let agent): "the signature is not by the key of agent \(agent)"
        case .wrongAgent(let claimed, let sender): "the header names agent \(claimed), but came from agent \(sender)"
        case .notAParticipant(let agent): "agent \(agent) was not asked to take part in this round"
        case .wrongCohort(let found, let expected): "the update is of cohort \(found); the round is of \(expected)"
        case .roundClosed(let round, let open?): "the update is for round \(round); open is round \(open)"
        case .roundClosed(let round, nil): "the update is for round \(round), which is over"
        case .wrongKind(let found, let expected):
            "the update brings \(found.rawValue); the round gathers \(expected.rawValue)"
        case .staleBase(let found, let expected):
            "trained from \(Self.text(found)); the round's base is \(Self.text(expected))"
        case .replayed(let sequence, let last):
            "sequence number \(sequence) is not above \(last), the last one of this agent: a replay"
        case .duplicate(let round): "the agent has an update in round \(round) already"
        case .malformed(let reason): "malformed: \(reason)"
        case .digestMismatch: "the body's sha256 is not the one that was signed"
        case .notFinite: "it holds a number that is NaN or infinite"
        case .wrongShape(let found, let expected): "it has \(found) numbers; the base has \(expected)"
        case .normTooLarge(let norm, let limit): "it moves the model by \(norm); allowed is at most \(limit)"
        case .tooFewWindows(let found, let minimum): "trained on \(found) windows; at least \(minimum) are needed"
        case .noProgress(let before, let after):
            "by its own account the error went from \(before) to \(after)"
        case .implausible(let channel): "the statistics of channel \(channel) are none that data can have"
        }
    }

    private static func text(_ version: ModelVersion?) -> String { version.map { "version \($0)" } ?? "no version" }
}
