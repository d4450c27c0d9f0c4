// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging
import Logging

extension FleetCoordinator {
    /// Reads the rollouts that go on.
    func restoreRollouts() throws {
        for rollout in try store.startedRollouts() {
            rollouts[rollout.number] = RolloutMachine(rollout, targets: try store.targets(of: rollout.number))
        }
    }

    /// Moves every rollout on by the clock, and starts those that the policy wants; each by itself.
    func moveRollouts() {
        for number in rollouts.keys.sorted() {
            attempt("move rollout \(number) on") { try self.move(number, .tick) }
        }
        guard let plan = settings.release.plan(settings.rolloutPlan) else { return }
        for cohort in contracts.keys.sorted() where !rollouts.values.contains(where: { $0.rollout.cohort == cohort }) {
            attempt("start a rollout of cohort \(cohort)") { try self.startByPolicy(plan, of: cohort) }
        }
    }

    private func startByPolicy(_ plan: RolloutPlan, of cohort: CohortID) throws {
        guard let newest = try store.newest(of: cohort), newest != releases[cohort]?.model.version,
            newest != considered[cohort], let provenance = try store.provenance(of: newest.digest),
            provenance.parent != nil
        else { return }
        // One that has been rolled out before, and came to whatever end, is not tried again by itself.
        if try store.lastRollout(of: cohort)?.version != newest {
            let draft = try add(provenance, plan: plan, by: ReleasePolicy.name)
            rollouts[draft.number] = RolloutMachine(draft)
            try move(draft.number, .asked(.start, by: ReleasePolicy.name, why: "version \(newest.number) was made"))
        }
        considered[cohort] = newest
    }

    // MARK: - People

    /// Plans a rollout; nothing is said to anybody before it is started.
    ///
    /// - Throws: ``RolloutRequestError``, or what the store throws.
    public func plan(_ request: RolloutRequest, by who: String) throws -> RolloutStatus {
        let cohort = try cohort(request.cohort)
        let plan = request.plan ?? settings.rolloutPlan
        do throws(RolloutPlanError) { try plan.check() } catch { throw RolloutRequestError.plan(error) }
        let version = try trained(request.version, of: cohort)
        // Whoever is away is known as well: a stage that asks for more than there are could never be full.
        do throws(RolloutPlanError) {
            _ = try plan.stages(of: meant(by: plan, in: cohort, lot: 0))
        } catch {
            throw RolloutRequestError.plan(error)
        }
        return RolloutStatus(try add(version, plan: plan, by: who), targets: [], withTargets: false)
    }

    /// Carries out a person's wish.
    ///
    /// - Parameter name: the version that a rollback is to go back to, where it is not that of the release before.
    /// - Throws: ``RolloutRequestError``, or what the store throws.
    public func ask(
        _ command: RolloutCommand, of number: Int, to name: String? = nil, by who: String, why: String
    ) throws -> RolloutStatus {
        guard (1...400).contains(why.utf8.count) else { throw RolloutRequestError.reason(bytes: why.utf8.count) }
        if rollouts[number] == nil {
            guard let rollout = try store.rollout(number) else { throw RolloutRequestError.unknownRollout(number) }
            rollouts[number] = RolloutMachine(rollout, targets: try store.targets(of: number))
        }
        defer { forgetIfIdle(number) }
        guard let machine = rollouts[number] else { throw RolloutRequestError.unknownRollout(number) }
        let other = try name.map { try older($0, than: machine.rollout, for: command) }
        if let refusal = machine.refusal(of: command, by: who, to: other, try context(of: machine.rollout)) {
            throw RolloutRequestError.refused(refusal)
        }
        let version = machine.rollout.version
        if command == .start, try store.provenance(of: version.digest)?.quarantine != nil {
            throw RolloutRequestError.refused(.quarantined(version))
        }
        let event =
            other.map { RolloutEvent.takenBack(to: $0, by: who, why: why) } ?? .asked(command, by: who, why: why)
        guard try move(number, event) else { throw RolloutRequestError.changedMeanwhile }
        return try status(of: number, withTargets: false)
    }

    /// A release of the version that a rollback is to go back to.
    private func older(_ name: String, than rollout: Rollout, for command: RolloutCommand) throws -> ReleaseManifest {
        guard command == .rollback else { throw RolloutRequestError.goesNowhere(command) }
        let version = try trained(name, of: rollout.cohort)
        guard version.version.number < rollout.version.number else {
            throw RolloutRequestError.notOlder(version.version, than: rollout.version)
        }
        return manifest(of: version, shadowWindows: rollout.plan.shadowWindows)
    }

    /// A version that may be released.
    private func trained(_ name: String, of cohort: CohortID) throws -> VersionProvenance {
        let version = try version(name, of: cohort)
        guard version.parent != nil || version.origin != nil else {
            throw RolloutRequestError.untrained(version.version)
        }
        if version.quarantine != nil { throw RolloutRequestError.refused(.quarantined(version.version)) }
        return version
    }

    /// One rollout; ``RolloutRequestError/unknownRollout(_:)`` where there is none.
    public func status(of number: Int, withTargets: Bool = true) throws -> RolloutStatus {
        if let machine = rollouts[number] {
            return RolloutStatus(
                machine.rollout, targets: machine.targets.values.sorted { $0.agent < $1.agent },
                withTargets: withTargets)
        }
        guard let rollout = try store.rollout(number) else { throw RolloutRequestError.unknownRollout(number) }
        return RolloutStatus(rollout, targets: try store.targets(of: number), withTargets: withTargets)
    }

    /// The newest rollouts, without their agents.
    public func rolloutStatuses(limit: Int) throws -> [RolloutStatus] {
        try store.rollouts(limit: limit).map { try status(of: $0.number, withTargets: false) }
    }

    private func add(_ version: VersionProvenance, plan: RolloutPlan, by who: String) throws -> Rollout {
        let draft = Rollout(
            cohort: version.cohort, plan: plan, manifest: manifest(of: version, shadowWindows: plan.shadowWindows),
            createdBy: who, createdAt: clock.now())
        return try store.add(draft) { rollout in
            entry(
                "rollout planned", "rollout \(rollout.number)",
                "version \(version.version), \(plan.stages.count) stages, meant for \(plan.filter)", by: who)
        }
    }

    /// A release of a version, whose number is given when it is said.
    private func manifest(of version: VersionProvenance, shadowWindows: Int) -> ReleaseManifest {
        ReleaseManifest(
            cohort: version.cohort, release: 0,
            model: ModelReference(
                version: version.version,
                plan: ChunkPlan(
                    digest: version.version.digest, bytes: version.bytes, chunkBytes: settings.chunkBytes)),
            parent: version.parent, round: version.round, participants: version.participants,
            origin: version.origin, shadowWindows: shadowWindows, releasedAt: clock.now())
    }

    // MARK: - Agents

    /// Takes in what an agent has said on its own way with a release.
    func heard(_ report: RolloutReport) throws {
        for number in rollouts.keys.sorted() {
            guard let rollout = rollouts[number]?.rollout, rollout.manifest.release == report.release,
                rollout.version == report.version
            else { continue }
            try move(number, .heard(TargetReport(report)))
        }
    }

    /// Takes in an agent's state, for the case that its reports were lost.
    func heard(_ state: AgentState) throws {
        for number in rollouts.keys.sorted() {
            guard let rollout = rollouts[number]?.rollout, rollout.phase.isOpen, rollout.cohort == state.cohort,
                let report = TargetReport(state, on: rollout.manifest)
            else { continue }
            try move(number, .heard(report))
        }
    }

    // MARK: - Carrying out

    /// Hands an event to a rollout's machine, stores what comes of it, and only then says it.
    ///
    /// - Returns: whether it was stored, or nothing had to be.
    @discardableResult
    private func move(_ number: Int, _ event: RolloutEvent) throws -> Bool {
        guard let before = rollouts[number] else { return false }
        var machine = before
        let context = try context(of: machine.rollout)
        let actions = machine.handle(event, context)
        guard machine.rollout != before.rollout || !machine.changed.isEmpty else { return actions.isEmpty }
        machine.rollout.revision += 1
        guard try store.save(change(machine, from: before.rollout.revision, actions)) else {
            // What is in the store is right, and what is in memory is not.
            rollouts[number] = try store.rollout(number).map {
                RolloutMachine($0, targets: try store.targets(of: number))
            }
            return false
        }
        rollouts[number] = machine
        for action in actions { try perform(action, of: machine, at: context.now) }
        forgetIfIdle(number)
        return true
    }

    /// Only what is started and not over needs a place in memory.
    private func forgetIfIdle(_ number: Int) {
        guard let phase = rollouts[number]?.rollout.phase, phase == .draft || phase.isOver else { return }
        rollouts[number] = nil
    }

    private func change(_ machine: RolloutMachine, from revision: Int, _ actions: [RolloutAction]) -> RolloutChange {
        var change = RolloutChange(
            rollout: machine.rollout, from: revision,
            targets: machine.changed.sorted().compactMap { machine.targets[$0] })
        for action in actions {
            switch action {
            case .note(let what, let who, let why):
                change.audit.append(entry(what, "rollout \(machine.rollout.number)", why, by: who))
            case .release(let manifest): change.releases.append((manifest, false))
            case .releaseToAll(let manifest), .goBack(let manifest): change.releases.append((manifest, true))
            case .quarantine(let version, let why):
                change.quarantine = (version, why)
                change.audit.append(entry("version quarantined", "version \(version)", why))
            case .assign, .withdrawOrders: break
            }
        }
        return change
    }

    private func perform(_ action: RolloutAction, of machine: RolloutMachine, at now: Timestamp) throws {
        let rollout = machine.rollout
        switch action {
        case .note(let what, let who, let why):
            logger.notice(
                "\(what)", metadata: ["rollout": "\(rollout.number)", "who": "\(who)", "reason": "\(why)"])
        case .release(let manifest):
            // Whoever was on the way to another version is on the way to this one now.
            for number in rollouts.keys.sorted() where number != rollout.number {
                guard let other = rollouts[number]?.rollout, other.cohort == rollout.cohort, other.phase.isOpen else {
                    continue
                }
                try move(number, .superseded(release: manifest.release))
            }
        case .assign(let agents):
            for target in agents.compactMap({ machine.targets[$0] }) { order(rollout, to: target) }
            broadcastModel(rollout.manifest.model)
        case .releaseToAll(let manifest), .goBack(let manifest):
            releases[manifest.cohort] = manifest
            announce(manifest)
            broadcastModel(manifest.model)
        case .withdrawOrders: withdrawOrders(of: machine.targets.values)
        case .quarantine: break
        }
    }

    /// What a rollout is decided from besides itself.
    private func context(of rollout: Rollout) throws -> RolloutContext {
        let now = clock.now()
        var context = RolloutContext(
            now: now, nextRelease: try store.nextRelease(of: rollout.cohort), current: releases[rollout.cohort])
        if rollout.phase == .scheduled {
            context.agents = meant(by: rollout.plan, in: rollout.cohort, lot: rollout.number)
        }
        if rollout.plan.alarmsPerHour != nil, rollout.phase.isOpen {
            context.alarmsPerHour = Double(
                try store.alarms(
                    of: rollout.version, on: rollout.number, since: now.adding(milliseconds: -3_600_000)))
        }
        return context
    }

    /// The agents a plan is meant for: those online first, for a stage of absent agents would only wait; otherwise in an
    /// order that is another one in every rollout, so that it is not always the same who goes first.
    private func meant(by plan: RolloutPlan, in cohort: CohortID, lot number: Int) -> [AgentID] {
        let now = clock.now()
        let states = agents.values.compactMap { record in
            record.state.map { (state: $0, isOnline: settings.rounds.isOnline(record, now: now)) }
        }
        let keys = states.filter { $0.state.cohort == cohort && plan.filter.matches($0.state) }
            .map { state, isOnline in
                let lot = Digest(of: Data("\(number) \(state.agent)".utf8)).hex
                return (key: "\(isOnline ? 0 : 1) \(lot)", agent: state.agent)
            }
        return keys.sorted { $0.key < $1.key }.map(\.agent)
    }
}
