// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFleet
import LinnetMessaging

/// A rollout of version 6 over version 5, and what happens to it.
enum RolloutFixtures {
    static let start = Timestamp(milliseconds: 1_767_225_600_000)
    static let cohort = CohortID(checked: "c-1")

    static func version(_ number: Int) -> ModelVersion {
        ModelVersion(number: number, digest: Digest(of: Data("version \(number)".utf8)))
    }

    static func manifest(_ number: Int, release: Int) -> ReleaseManifest {
        let version = version(number)
        return ReleaseManifest(
            cohort: cohort, release: release,
            model: ModelReference(
                version: version, plan: ChunkPlan(digest: version.digest, bytes: 100, chunkBytes: 4096)),
            parent: nil, round: number, participants: 3, shadowWindows: 10, releasedAt: start)
    }

    static func agents(_ count: Int) -> [AgentID] { (1...count).map { AgentID(checked: "agent-\(1000 + $0)") } }

    /// Two stages, one agent and all, that soak for ten seconds.
    static let plan = RolloutPlan(
        stages: [
            RolloutStage(size: .count(1), soakSeconds: 10, successShare: 1, errorShare: 0, silentShare: 0),
            RolloutStage(size: .all, soakSeconds: 10, successShare: 0.8, errorShare: 0.1, silentShare: 0.2),
        ], timeoutSeconds: 60)

    static func rollout(_ plan: RolloutPlan = plan) -> Rollout {
        Rollout(
            number: 1, cohort: cohort, plan: plan, manifest: manifest(6, release: 0), createdBy: "ann", createdAt: start
        )
    }

    static func context(
        seconds: Int = 0, agents count: Int = 10, nextRelease: Int = 6, hasCurrent: Bool = true,
        alarmsPerHour: Double? = 0
    ) -> RolloutContext {
        RolloutContext(
            now: start.adding(milliseconds: Int64(seconds) * 1000), nextRelease: nextRelease,
            current: hasCurrent ? manifest(5, release: 5) : nil, agents: count > 0 ? agents(count) : [],
            alarmsPerHour: alarmsPerHour)
    }

    /// Measurements of a version that behaves like the one before.
    static let good: [String: Double] = [
        "shadow.windows": 10, "shadow.candidateAnomalous": 0, "shadow.activeAnomalous": 0,
        "shadow.candidateErrorMedian": 1, "shadow.activeErrorMedian": 1, "shadow.candidateError95": 2,
        "shadow.activeError95": 2, "shadow.candidateMicroseconds": 20, "shadow.activeMicroseconds": 20,
        "selfTest.spike": 1, "selfTest.drift": 0.9, "selfTest.dropout": 1, "selfTest.quiet": 1,
        "probation.windows": 40, "probation.anomalous": 0, "probation.anomalousBefore": 0,
    ]

    static func heard(_ agent: AgentID, _ state: TargetState, _ evidence: [String: Double] = good) -> RolloutEvent {
        .heard(TargetReport(agent: agent, state: state, reason: "\(state.rawValue)", evidence: evidence))
    }

    /// A machine that has been started and ticked once: stage 1 has begun.
    static func running(_ plan: RolloutPlan = plan, agents count: Int = 10, hasCurrent: Bool = true) -> RolloutMachine {
        var machine = RolloutMachine(rollout(plan))
        _ = machine.handle(.asked(.start, by: "ann", why: ""), context())
        _ = machine.handle(.tick, context(agents: count, hasCurrent: hasCurrent))
        return machine
    }

    /// Names of actions without what they carry.
    static func names(_ actions: [RolloutAction]) -> [String] {
        actions.map { action in
            switch action {
            case .note(let what, let who, _): "\(what) by \(who)"
            case .release(let manifest): "release \(manifest.release)"
            case .assign(let agents): "assign \(agents.count)"
            case .releaseToAll(let manifest): "release \(manifest.release) to all"
            case .goBack(let manifest): "release \(manifest.release) back to \(manifest.model.version.number)"
            case .quarantine(let version, _): "quarantine \(version.number)"
            case .withdrawOrders: "withdraw orders"
            }
        }
    }
}
