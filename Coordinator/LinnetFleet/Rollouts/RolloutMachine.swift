// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetMessaging

/// Decides how a version reaches a cohort, and when it must not.
///
///     draft ─▶ awaitingApproval ─▶ scheduled ─▶ running ⇄ paused
///                                                  └──┬─────┘
///                               succeeded · failed · rolledBack · superseded
///
/// It is a value made of what is stored, so a coordinator that was killed goes on where the store says it was; a tick that
/// comes twice does nothing the second time. The guard of a stage is looked at while paused as well: agents that have been
/// reached go on running the version.
public struct RolloutMachine: Sendable, Equatable {
    public internal(set) var rollout: Rollout
    /// By agent's name.
    public internal(set) var targets: [AgentID: RolloutTarget]
    /// Targets that the last event has changed.
    public internal(set) var changed: Set<AgentID> = []

    /// Continues a stored rollout.
    public init(_ rollout: Rollout, targets: [RolloutTarget] = []) {
        self.rollout = rollout
        self.targets = Dictionary(targets.map { ($0.agent, $0) }) { first, _ in first }
    }

    /// How many agents stand where.
    public var counts: RolloutCounts { RolloutCounts(targets.values) }

    /// What an agent of the rollout is told; `nil` for any other.
    public func manifest(for agent: AgentID) -> ReleaseManifest? { targets[agent].map(rollout.manifest(for:)) }

    /// Takes in what has happened.
    ///
    /// - Returns: what to do, in order. Where the event does not fit the phase nothing changes and there is nothing to do; a
    ///   change without actions shows in ``rollout`` or ``changed``.
    public mutating func handle(_ event: RolloutEvent, _ context: RolloutContext) -> [RolloutAction] {
        changed = []
        switch event {
        case .asked(let command, let who, let why):
            guard refusal(of: command, by: who, context) == nil else { return [] }
            return carryOut(command, by: who, why: why, context)
        case .takenBack(let manifest, let who, let why):
            guard refusal(of: .rollback, by: who, to: manifest, context) == nil else { return [] }
            rollout.previous = manifest
            return carryOut(.rollback, by: who, why: "\(why); back to version \(manifest.model.version)", context)
        case .heard(let report):
            hear(report, context)
            return []
        case .tick: return tick(context)
        case .superseded(let release):
            guard !rollout.phase.isOver, rollout.phase != .draft else { return [] }
            return end(.superseded, "release \(release) reached the whole cohort", by: "coordinator", context)
        }
    }

    /// Why a person's wish can not be carried out now; `nil` if it can.
    ///
    /// - Parameter other: what a rollback is to go back to, where it is not the release before.
    public func refusal(
        of command: RolloutCommand, by who: String, to other: ReleaseManifest? = nil, _ context: RolloutContext
    ) -> RolloutRefusal? {
        let fits =
            switch (rollout.phase, command) {
            case (.draft, .start), (.awaitingApproval, .approve), (.running, .pause), (.paused, .resume): true
            case (.scheduled, .pause), (.draft, .rollback), (.awaitingApproval, .rollback): true
            case (.scheduled, .rollback), (.running, .rollback), (.paused, .rollback), (.succeeded, .rollback): true
            case (.failed, .rollback): true
            default: false
            }
        guard fits else { return .notNow(command, phase: rollout.phase) }
        switch command {
        case .approve where who == rollout.createdBy || who == rollout.submittedBy: return .samePerson(who)
        case .rollback where rollout.stage < 0 && other != nil: return .reachedNobody
        case .rollback where rollout.stage >= 0 && rollout.previous == nil && other == nil: return .nothingToGoBackTo
        // To take back what others have been built upon would take those back, too.
        case .rollback where rollout.phase.isOver && context.nextRelease != rollout.manifest.release + 1:
            return .notNewest(release: context.nextRelease - 1)
        default: return nil
        }
    }

    // MARK: - People

    private mutating func carryOut(
        _ command: RolloutCommand, by who: String, why: String, _ context: RolloutContext
    ) -> [RolloutAction] {
        switch command {
        case .start:
            rollout.submittedBy = who
            rollout.phase = rollout.plan.needsApproval ? .awaitingApproval : .scheduled
            return [.note("rollout started", by: who, why: why)]
        case .approve:
            rollout.approvedBy = who
            rollout.phase = .scheduled
            return [.note("rollout approved", by: who, why: why)]
        case .pause:
            rollout.phase = .paused
            rollout.reason = why
            return [.note("rollout paused", by: who, why: why)]
        case .resume:
            // One that was paused before its first stage is scheduled as before.
            rollout.phase = rollout.stage < 0 ? .scheduled : .running
            rollout.reason = nil
            rollout.clearedStage = rollout.stage
            return [.note("rollout resumed", by: who, why: why)]
        case .rollback:
            let wasReached = rollout.stage >= 0
            return end(.rolledBack, why, by: who, context)
                + (wasReached ? [.quarantine(rollout.version, why: why)] : [])
        }
    }

    // MARK: - Agents

    private mutating func hear(_ report: TargetReport, _ context: RolloutContext) {
        guard rollout.phase.isOpen, var target = targets[report.agent], target.state != .waiting else { return }
        // A report that comes late, or again, brings at most what was measured.
        let isNews = report.state.progress > target.state.progress
        let evidence = target.evidence.merging(report.evidence) { _, new in new }
        guard isNews || evidence != target.evidence else { return }
        if isNews {
            // Silence ends with the last word only; until then the time-out has passed.
            if target.state != .silent || report.state.isFinal { target.state = report.state }
            target.reason = report.reason
            target.changedAt = context.now
        }
        target.evidence = evidence
        keep(target)
    }

    private mutating func keep(_ changedTarget: RolloutTarget) {
        var target = changedTarget
        target.standing = target.judged(under: rollout.plan)
        guard targets[target.agent] != target else { return }
        targets[target.agent] = target
        changed.insert(target.agent)
    }

    // MARK: - Time

    private mutating func tick(_ context: RolloutContext) -> [RolloutAction] {
        switch rollout.phase {
        case .scheduled: return begin(context)
        case .running, .paused:
            noteSilence(context.now)
            return judge(context)
        case .draft, .awaitingApproval, .succeeded, .failed, .rolledBack, .superseded: return []
        }
    }

    private mutating func begin(_ context: RolloutContext) -> [RolloutAction] {
        if let startAt = rollout.plan.startAt, context.now < startAt {
            rollout.waitsFor = "it starts at \(startAt)"
            return []
        }
        guard rollout.plan.isOpen(at: context.now) else {
            rollout.waitsFor = "no maintenance window is open (\(windows))"
            return []
        }
        let stages: [(agent: AgentID, stage: Int)]
        do throws(RolloutPlanError) { stages = try rollout.plan.stages(of: context.agents) } catch {
            return end(.failed, "\(error)", by: "coordinator", context)
        }
        targets = [:]
        for (agent, stage) in stages { keep(RolloutTarget(agent: agent, stage: stage, at: context.now)) }
        rollout.manifest.release = context.nextRelease
        rollout.manifest.releasedAt = context.now
        rollout.manifest.shadowWindows = rollout.plan.shadowWindows
        rollout.previous = context.current
        rollout.phase = .running
        rollout.startedAt = context.now
        return [
            .note(
                "rollout begun", by: "coordinator",
                why: "release \(context.nextRelease), \(targets.count) agents, meant for \(rollout.plan.filter)"),
            .release(rollout.manifest),
        ] + beginStage(after: -1, context)
    }

    /// Reaches the agents of the next stage that has any.
    private mutating func beginStage(after stage: Int, _ context: RolloutContext) -> [RolloutAction] {
        guard let next = targets.values.lazy.map(\.stage).filter({ $0 > stage }).min() else { return [] }
        rollout.stage = next
        rollout.heldSince = nil
        rollout.waitsFor = nil
        let agents = targets.values.filter { $0.stage == next }.map(\.agent).sorted()
        for agent in agents {
            guard var target = targets[agent] else { continue }
            target.state = .assigned
            target.assignedAt = context.now
            target.changedAt = context.now
            keep(target)
        }
        return [
            .note(
                "stage begun", by: "coordinator",
                why: "stage \(next + 1) of \(rollout.plan.stages.count), \(agents.count) more agents"),
            .assign(agents),
        ] + judge(context)
    }

    private mutating func noteSilence(_ now: Timestamp) {
        let timeout = Int64(rollout.plan.timeoutSeconds) * 1000
        for (_, var target) in targets where !target.state.isFinal && target.state != .silent {
            guard let assignedAt = target.assignedAt, now.milliseconds(since: assignedAt) >= timeout else { continue }
            // Who has said that it waits as the plan wants it is not silent, before it should have switched.
            if target.state == .ready, let rule = rollout.plan.switchRule {
                guard let deadline = rule.deadline(toldAt: assignedAt), now.milliseconds(since: deadline) >= timeout
                else { continue }
            }
            target.reason = "no end within \(rollout.plan.timeoutSeconds) s; last heard: \(target.state.rawValue)"
            target.state = .silent
            target.changedAt = now
            keep(target)
        }
    }

    private mutating func judge(_ context: RolloutContext) -> [RolloutAction] {
        guard rollout.plan.stages.indices.contains(rollout.stage) else { return [] }
        let stage = rollout.plan.stages[rollout.stage]
        // By all that have been reached, for an early agent may fail late, and by its own: a stage that others have carried
        // would begin the next one before anybody in it has answered.
        let current = rollout.stage
        let own = RolloutCounts(targets.values.lazy.filter { $0.stage == current })
        let verdict = StageGate.judge(
            stage, of: rollout.plan, counts: [own, counts], failures: failures, unknown: unknown,
            alarmsPerHour: context.alarmsPerHour)
        switch verdict {
        case .fails(let why): return fail(why, context)
        case .holds(let why):
            rollout.heldSince = nil
            rollout.waitsFor = why
            return []
        case .passes: return pass(stage, context)
        }
    }

    private mutating func pass(_ stage: RolloutStage, _ context: RolloutContext) -> [RolloutAction] {
        let since = rollout.heldSince ?? context.now
        rollout.heldSince = since
        let left = Int64(stage.soakSeconds) * 1000 - context.now.milliseconds(since: since)
        guard left <= 0 else {
            rollout.waitsFor = "soaking until \(since.adding(milliseconds: Int64(stage.soakSeconds) * 1000))"
            return []
        }
        guard rollout.phase == .running else { return [] }
        guard targets.values.contains(where: { $0.stage > rollout.stage }) else { return succeed(context) }
        if stage.isFollowedByPause, rollout.clearedStage < rollout.stage {
            rollout.phase = .paused
            rollout.reason = "stage \(rollout.stage + 1) holds what it asks for; the plan wants a person to go on"
            rollout.waitsFor = nil
            return [.note("rollout paused", by: "coordinator", why: rollout.reason ?? "")]
        }
        guard rollout.plan.isOpen(at: context.now) else {
            rollout.waitsFor = "no maintenance window is open (\(windows))"
            return []
        }
        return beginStage(after: rollout.stage, context)
    }

    private var windows: String { rollout.plan.windows.map(\.description).joined(separator: ", ") }

    /// What the first agents that failed say, in order of their names.
    private var failures: [String] {
        targets.values.filter { $0.standing == .failed }.sorted { $0.agent < $1.agent }.prefix(3)
            .map { target in
                if case .violated(let findings) = rollout.plan.limits.judge(target.evidence) {
                    return "\(target.agent): \(findings.map(\.description).joined(separator: ", "))"
                }
                return "\(target.agent) \(target.state.rawValue): \(target.reason)"
            }
    }

    /// What the first agents that confirmed have not measured.
    private var unknown: [String] {
        targets.values.filter { $0.state == .confirmed && $0.standing == .pending }.sorted { $0.agent < $1.agent }.lazy
            .compactMap { target in
                guard case .noData(let findings) = rollout.plan.limits.judge(target.evidence) else { return nil }
                return "\(target.agent): \(findings.map(\.description).joined(separator: ", "))"
            }.prefix(3).map(\.self)
    }

    // MARK: - Ends

    private mutating func succeed(_ context: RolloutContext) -> [RolloutAction] {
        close(.succeeded, "every stage held what it asks for", context)
        rollout.manifest.switchWhen = rollout.plan.switchRule?.condition(toldAt: context.now)
        let note = RolloutAction.note(
            "rollout succeeded", by: "coordinator", why: "\(counts.succeeded) of \(counts.total) agents confirmed it")
        // Those who were not meant must not be told; those who were, and were silent, find the order when they come back.
        return rollout.plan.filter.isEveryone ? [note, .releaseToAll(rollout.manifest), .withdrawOrders] : [note]
    }

    private mutating func fail(_ why: String, _ context: RolloutContext) -> [RolloutAction] {
        let goesBack = rollout.plan.goesBackOnFailure && rollout.previous != nil
        return end(goesBack ? .rolledBack : .failed, why, by: "coordinator", context)
            + [.quarantine(rollout.version, why: why)]
    }

    private mutating func end(
        _ phase: RolloutPhase, _ why: String, by who: String, _ context: RolloutContext
    ) -> [RolloutAction] {
        close(phase, why, context)
        var actions: [RolloutAction] = [.note("rollout \(phase.words)", by: who, why: why)]
        guard rollout.stage >= 0 else { return actions }
        if phase == .rolledBack, var manifest = rollout.previous {
            manifest.release = context.nextRelease
            manifest.releasedAt = context.now
            manifest.shadowWindows = rollout.plan.shadowWindows
            manifest.reverts = rollout.version.digest
            // Whatever the fleet waited for on the way there, back it goes at once.
            manifest.switchWhen = nil
            actions.append(.goBack(manifest))
        }
        return actions + [.withdrawOrders]
    }

    private mutating func close(_ phase: RolloutPhase, _ why: String, _ context: RolloutContext) {
        rollout.phase = phase
        rollout.reason = why
        rollout.waitsFor = nil
        rollout.endedAt = context.now
    }
}
