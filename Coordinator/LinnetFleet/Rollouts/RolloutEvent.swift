// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetMessaging

/// What an agent has said of the version that is rolled out.
public struct TargetReport: Sendable, Equatable {
    public var agent: AgentID
    public var state: TargetState
    public var reason: String
    public var evidence: [String: Double]

    public init(agent: AgentID, state: TargetState, reason: String = "", evidence: [String: Double] = [:]) {
        self.agent = agent
        self.state = state
        self.reason = reason
        self.evidence = evidence
    }

    /// From a report on its way.
    public init(_ report: RolloutReport) {
        self.init(
            agent: report.agent, state: TargetState(report.state), reason: String(report.reason.prefix(400)),
            evidence: Dictionary(
                uniqueKeysWithValues: report.evidence.sorted { $0.key < $1.key }.prefix(64)
                    .map { (String($0.key.prefix(64)), $0.value) }))
    }

    /// From an agent's state, which is retained where reports can be lost; `nil` where it says nothing of the release.
    public init?(_ state: AgentState, on manifest: ReleaseManifest) {
        guard state.release >= manifest.release else { return nil }
        if state.active?.digest == manifest.model.version.digest {
            self.init(agent: state.agent, state: state.confirmed == state.release ? .confirmed : .activated)
        } else {
            self.init(
                agent: state.agent, state: .refused,
                reason: "it has acted on release \(state.release) and runs "
                    + (state.active.map { "version \($0.number)" } ?? "no model"))
        }
    }
}

/// What a person may ask of a rollout.
public enum RolloutCommand: String, Codable, Sendable, Hashable, CaseIterable {
    case start, approve, pause, resume, rollback
}

/// What can happen to a rollout.
public enum RolloutEvent: Sendable, Equatable {
    /// A person asks for something, with a reason.
    case asked(RolloutCommand, by: String, why: String)
    /// A person takes the version back, to another one than the release before.
    case takenBack(to: ReleaseManifest, by: String, why: String)
    /// An agent has said something of the version.
    case heard(TargetReport)
    /// Time has passed; sent often, and after every restart.
    case tick
    /// A newer release has reached the whole cohort.
    case superseded(release: Int)
}

/// What a rollout is decided from besides itself.
public struct RolloutContext: Sendable, Equatable {
    public var now: Timestamp
    /// The number of the cohort's next release.
    public var nextRelease: Int
    /// What the cohort runs; absent before its first release.
    public var current: ReleaseManifest?
    /// The agents that are meant, in the order in which they are to be reached; needed when the first stage begins.
    public var agents: [AgentID]
    /// Alarms that the version has raised on all agents in the last hour; `nil` where nobody has counted.
    public var alarmsPerHour: Double?

    public init(
        now: Timestamp, nextRelease: Int, current: ReleaseManifest? = nil, agents: [AgentID] = [],
        alarmsPerHour: Double? = nil
    ) {
        self.now = now
        self.nextRelease = nextRelease
        self.current = current
        self.agents = agents
        self.alarmsPerHour = alarmsPerHour
    }
}

/// What is to be done, beside storing the rollout and its targets as they are now.
public enum RolloutAction: Sendable, Equatable {
    /// Write an audit row.
    case note(String, by: String, why: String)
    /// Store the manifest as a release of some agents only.
    case release(ReleaseManifest)
    /// Tell these agents to run the version.
    case assign([AgentID])
    /// Make the manifest the whole cohort's.
    case releaseToAll(ReleaseManifest)
    /// Store this newer release, and tell the whole cohort.
    case goBack(ReleaseManifest)
    /// Keep the version from being released, or trained from, again.
    case quarantine(ModelVersion, why: String)
    /// Take the orders of these agents away.
    case withdrawOrders
}

/// Why a person's wish is not carried out.
public enum RolloutRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    case notNow(RolloutCommand, phase: RolloutPhase)
    /// The person who approves must be another than the one who planned it or asked for its start.
    case samePerson(String)
    /// There is no older release.
    case nothingToGoBackTo
    /// No agent has been told to run the version.
    case reachedNobody
    /// Something newer has been released since.
    case notNewest(release: Int)
    /// The version has been taken back before.
    case quarantined(ModelVersion)

    public var description: String {
        switch self {
        case .notNow(let command, let phase): "a rollout that is \(phase.words) has nothing to \(command.rawValue)"
        case .samePerson(let who): "\(who) has planned or started it; somebody else must approve it"
        case .nothingToGoBackTo: "the cohort has no older release to go back to; pause the rollout instead"
        case .reachedNobody: "no agent runs it yet: take it back without a version to go to, and roll that one out"
        case .notNewest(let release): "release \(release) is newer; take that one back, or roll out an older version"
        case .quarantined(let version): "version \(version) is in quarantine"
        }
    }
}

extension RolloutPhase {
    /// As people say it.
    public var words: String {
        switch self {
        case .awaitingApproval: "awaiting approval"
        case .rolledBack: "rolled back"
        default: rawValue
        }
    }
}
