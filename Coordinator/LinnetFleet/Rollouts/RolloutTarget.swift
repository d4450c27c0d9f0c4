// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetMessaging

/// Where one agent stands in a rollout.
public enum TargetState: String, Codable, Sendable, Hashable, CaseIterable {
    /// Its stage has not begun.
    case waiting
    /// It is told to run the version, and has not answered.
    case assigned
    case downloading, verified, shadowing, selfTesting
    /// The version has passed its trials there, and the switch waits for what the plan says.
    case ready
    /// The version raises alarms there, watched beside the one before.
    case activated
    /// The version stays.
    case confirmed
    /// The agent did not take it.
    case refused
    /// The agent took it, and went back by itself.
    case reverted
    /// Nothing final has been heard within the time-out; it may yet be.
    case silent

    /// How far along the way it is; an agent's word never moves it back.
    var progress: Int {
        switch self {
        case .waiting: 0
        case .assigned, .silent: 1
        case .downloading: 2
        case .verified: 3
        case .shadowing: 4
        case .selfTesting: 5
        case .ready: 6
        case .activated: 7
        case .confirmed: 8
        case .refused, .reverted: 9
        }
    }

    /// Whether nothing more is expected.
    public var isFinal: Bool { progress >= 8 }

    init(_ reported: RolloutState) {
        self =
            switch reported {
            case .downloading: .downloading
            case .verified: .verified
            case .shadowing: .shadowing
            case .selfTesting: .selfTesting
            case .ready: .ready
            case .activated: .activated
            case .confirmed: .confirmed
            case .refused: .refused
            case .reverted: .reverted
            }
    }
}

/// One agent of a rollout, as it is stored.
public struct RolloutTarget: Codable, Sendable, Equatable {
    public var agent: AgentID
    /// The stage that reaches it, from 0 on.
    public var stage: Int
    public var state: TargetState
    /// When it was told; absent before.
    public var assignedAt: Timestamp?
    /// When its state last changed.
    public var changedAt: Timestamp
    /// One sentence, as the agent gave it.
    public var reason: String
    /// All that it has measured, by name.
    public var evidence: [String: Double]
    /// What it counts as; judged whenever it changes.
    public internal(set) var standing = TargetStanding.waiting

    public init(agent: AgentID, stage: Int, at now: Timestamp) {
        self.agent = agent
        self.stage = stage
        state = .waiting
        changedAt = now
        reason = ""
        evidence = [:]
    }

    /// How the agent counts under a plan.
    func judged(under plan: RolloutPlan) -> TargetStanding {
        switch state {
        case .waiting: return .waiting
        case .refused, .reverted: return .failed
        case .assigned, .downloading, .verified, .shadowing, .selfTesting, .ready, .activated, .confirmed, .silent:
            break
        }
        switch plan.limits.judge(evidence) {
        // What it has measured counts before it has come to an end: a bad version must not be waited for.
        case .violated: return .failed
        case .holds: return state == .confirmed ? .succeeded : state == .silent ? .silent : .pending
        case .noData:
            if state == .silent { return .silent }
            return state == .confirmed && !plan.holdsWithoutData ? .succeeded : .pending
        }
    }
}

/// What an agent counts as when a stage is judged.
public enum TargetStanding: String, Codable, Sendable, Hashable, CaseIterable {
    case waiting, pending, succeeded, failed, silent
}

/// How many agents stand where; together they are all agents of the rollout, at every time.
public struct RolloutCounts: Codable, Sendable, Equatable {
    public var waiting = 0
    /// Reached, and neither good nor bad yet.
    public var pending = 0
    public var succeeded = 0
    public var failed = 0
    public var silent = 0

    public init() {}

    public init(_ targets: some Sequence<RolloutTarget>) {
        for target in targets {
            switch target.standing {
            case .waiting: waiting += 1
            case .pending: pending += 1
            case .succeeded: succeeded += 1
            case .failed: failed += 1
            case .silent: silent += 1
            }
        }
    }

    public var reached: Int { pending + succeeded + failed + silent }
    public var total: Int { waiting + reached }
}
