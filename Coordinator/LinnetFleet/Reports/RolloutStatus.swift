// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetMessaging

/// One rollout as the API tells it: how far it is, and what each gate rests on.
public struct RolloutStatus: Codable, Sendable, Equatable {
    /// One stage.
    public struct Stage: Codable, Sendable, Equatable {
        public var size: StageSize
        /// Whether its agents have been told.
        public var isReached: Bool
        /// Of its own agents.
        public var counts: RolloutCounts

        public init(size: StageSize, isReached: Bool, counts: RolloutCounts) {
            self.size = size
            self.isReached = isReached
            self.counts = counts
        }
    }

    /// One agent.
    public struct Target: Codable, Sendable, Equatable {
        public var target: RolloutTarget
        /// Limits that it breaks, or of which it has said nothing, each in words.
        public var findings: [String]

        public init(target: RolloutTarget, findings: [String]) {
            self.target = target
            self.findings = findings
        }
    }

    /// One limit on behaviour, and what it rests on.
    public struct Gate: Codable, Sendable, Equatable {
        /// The limit, with what comes nearest to breaking it; what was measured is absent while nobody has said.
        public var worst: BehaviourFinding
        /// Who measured that.
        public var agent: AgentID?
        /// Agents that have measured it, and those of them that break it.
        public var measured: Int
        public var broken: Int
    }

    public var rollout: Rollout
    /// Of all agents.
    public var counts: RolloutCounts
    public var stages: [Stage]
    /// Over all agents reached; empty before the first.
    public var gates: [Gate]
    /// In order of their names; empty in a list of rollouts.
    public var targets: [Target]

    public init(_ rollout: Rollout, targets: [RolloutTarget], withTargets: Bool) {
        let plan = rollout.plan
        self.rollout = rollout
        counts = RolloutCounts(targets)
        stages = plan.stages.enumerated().map { index, stage in
            Stage(
                size: stage.size, isReached: index <= rollout.stage,
                counts: RolloutCounts(targets.filter { $0.stage == index }))
        }
        gates = Self.gates(plan.limits, targets)
        self.targets =
            !withTargets
            ? []
            : targets.map { target in
                let findings =
                    switch plan.limits.judge(target.evidence) {
                    case .holds: [BehaviourFinding]()
                    // Before it has come to an end nothing can be missing.
                    case .noData(let findings): target.state == .confirmed ? findings : []
                    case .violated(let findings): findings
                    }
                return Target(
                    target: target, findings: findings.map(\.description))
            }
    }

    private static func gates(_ limits: BehaviourLimits, _ targets: [RolloutTarget]) -> [Gate] {
        var gates: [Gate] = []
        for target in targets where target.state != .waiting {
            for finding in limits.findings(target.evidence) {
                let index = gates.firstIndex { $0.worst.gate == finding.gate } ?? gates.count
                if index == gates.count {
                    var unknown = finding
                    unknown.measured = nil
                    gates.append(Gate(worst: unknown, measured: 0, broken: 0))
                }
                guard let measured = finding.measured else { continue }
                gates[index].measured += 1
                gates[index].broken += finding.holds == false ? 1 : 0
                let worst = gates[index].worst.measured
                if worst.map({ finding.mustReach ? measured < $0 : measured > $0 }) ?? true {
                    (gates[index].worst, gates[index].agent) = (finding, target.agent)
                }
            }
        }
        return gates
    }
}

/// The answer of `GET /api/v1/rollouts`.
public struct RolloutsPage: Codable, Sendable, Equatable {
    /// Newest first.
    public var rollouts: [RolloutStatus]

    public init(rollouts: [RolloutStatus]) { self.rollouts = rollouts }
}

/// The answer of `GET /api/v1/rollouts/7/history`.
public struct EvidencePage: Codable, Sendable, Equatable {
    /// Oldest first.
    public var evidence: [EvidenceEntry]

    public init(evidence: [EvidenceEntry]) { self.evidence = evidence }
}
