// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging
import Logging

extension FleetCoordinator {
    /// Moves every open round on by the clock, and opens new ones.
    ///
    /// Each by itself: what is wrong with one cohort does not hold up the others.
    func moveRounds() {
        let now = clock.now()
        attempt("move rounds on") {
            let open = try self.store.openRounds()
            self.inbox.keep(
                rounds: Set(open.map(\.number)),
                lateFrom: self.admission.late.firstRound(before: open.map(\.number).max() ?? 0))
            for round in open {
                self.attempt("move round \(round.number) on") { try self.moveRound(round.number, .tick(now)) }
            }
            for cohort in self.contracts.keys.sorted() where !open.contains(where: { $0.cohort == cohort }) {
                self.attempt("open a round of cohort \(cohort)") { try self.openRound(of: cohort, at: now) }
            }
        }
    }

    /// Hands an event to a round's machine, and carries out what it answers.
    func moveRound(_ number: Int, _ event: RoundEvent) throws {
        guard let round = try store.openRounds().first(where: { $0.number == number }) else { return }
        let refused = try store.verdicts(in: number).filter(\.isFinalRefusal).map(\.agent)
        var machine = RoundMachine(round, accepted: try store.acceptedAgents(of: number), refused: Set(refused))
        switch machine.handle(event) {
        case .aggregate: try aggregate(round)
        case .abandon(let reason): try abandon(round, reason)
        case .commit, nil: break
        }
    }

    private func openRound(of cohort: CohortID, at now: Timestamp) throws {
        let last = try store.lastRound(of: cohort)
        let situation = RoundPolicy.Situation(
            cohort: cohort, now: now, agents: agents.values.filter { $0.state?.cohort == cohort },
            lastRound: last, lastMaking: try store.lastMakingRound(of: cohort),
            contributors: try last.map { try store.acceptedAgents(of: $0.number).union(try foreigners(in: cohort)) }
                ?? [],
            newest: try newestModel(of: cohort), lineages: try otherLineages(of: cohort))
        switch settings.rounds.decide(situation, strategy: settings.strategy, using: &generator) {
        case .wait(let reason): blockers[cohort] = reason
        case .open(let proposal):
            if let obstacle = try obstacle(to: proposal) {
                blockers[cohort] = obstacle
                return
            }
            let round = try store.open(try withControl(proposal)) { round in
                entry(
                    "round opened", "round \(round.number)",
                    "\(round.kind.rawValue), cohort \(cohort), asked \(round.participants.count) of "
                        + "\(situation.agents.count) agents, \(round.quorum) must answer")
            }
            blockers[cohort] = nil
            logger.info(
                "round opened",
                metadata: [
                    "round": "\(round.number)", "cohort": "\(cohort)", "kind": "\(round.kind.rawValue)",
                    "participants": "\(round.participants.count)",
                ])
            announce(round)
            for base in round.bases { broadcastModel(base) }
            if let control = round.control { broadcast(control) }
        }
    }

    /// Why a round could make no version of its base; `nil` if it could.
    private func obstacle(to round: Round) throws -> String? {
        guard !round.settings.localLayers.isEmpty, round.kind == .training else { return nil }
        for base in round.bases {
            guard let file = try store.file(of: base.version.digest) else { continue }
            do throws(VersionMakingError) {
                _ = try VersionMaking.localLayers(round.settings, in: try VersionMaking.artifact(file))
            } catch {
                return "rounds.localLayers does not fit version \(base.version.number): \(error)"
            }
        }
        return nil
    }

    /// The newest version of a cohort, as something that can be asked for.
    func newestModel(of cohort: CohortID) throws -> ModelReference? { try store.newest(of: cohort).flatMap(reference) }

    /// A stored version, as something that can be asked for; `nil` where it is not stored.
    func reference(_ version: ModelVersion) throws -> ModelReference? {
        try store.fileBytes(of: version.digest).map { bytes in
            ModelReference(
                version: version, plan: ChunkPlan(digest: version.digest, bytes: bytes, chunkBytes: settings.chunkBytes)
            )
        }
    }

    private func aggregate(_ stored: Round) throws {
        var round = stored
        if round.phase == .collecting {
            round.phase = .aggregating
            let audit = entry("round closed", "round \(round.number)", "enough updates are in")
            guard try store.move(round, from: .collecting, audit: audit) else { return }
            announce(round)
        }
        if round.kind == .evaluation { return try evaluate(round) }
        var machine = RoundMachine(round, accepted: try store.acceptedAgents(of: round.number))
        let versions: [VersionRecord]
        do {
            versions = try make(round)
        } catch let error as VersionMakingError {
            guard case .abandon(let reason)? = machine.handle(.aggregationFailed("\(error)")) else { return }
            return try abandon(round, reason)
        }
        if machine.handle(.aggregated) == .commit { try commit(round, versions) }
    }

    /// - Throws: ``VersionMakingError``, or what the store throws, and then nothing is decided: it is done again.
    private func make(_ round: Round) throws -> [VersionRecord] {
        let now = clock.now()
        guard round.base != nil else {
            guard let contract = contracts[round.cohort] else { throw VersionMakingError.notFinite }
            return [
                try making.first(
                    of: round, contract: contract, updates: try store.updates(of: round.number), at: now)
            ]
        }
        // Not the base's next number: that may be a version that is in quarantine.
        return try next(of: round, from: try store.lastNumber(of: round.cohort) + 1, by: making, at: now)
    }

    /// The next versions, one a lineage, from what is stored: the one way both to make them and to make them once more.
    ///
    /// - Parameter number: of the first one; the others follow.
    func next(of round: Round, from number: Int, by making: VersionMaking, at now: Timestamp) throws -> [VersionRecord]
    {
        guard let base = round.base else { return [] }
        return try groups(of: round, base: base.version).enumerated().map { position, group in
            try next(of: round, number: number + position, group, by: making, at: now)
        }
    }

    private func next(
        of round: Round, number: Int, _ group: LineageGroup, by making: VersionMaking, at now: Timestamp
    ) throws -> VersionRecord {
        let base = group.base
        let updates = StoredUpdates(group.headers, of: round.number, base: base.version, in: store)
        let controls =
            round.settings.controlVariates
            ? StoredUpdates(group.headers, of: round.number, base: base.version, in: store, reading: .control) : nil
        let file = (try? store.file(of: base.version.digest)) ?? nil  // a file that can not be read is a missing base
        let state = try store.serverState(of: base.version.digest)
        let origins = try origins(of: group.headers, base: base.version)
        do throws(VersionMakingError) {
            return try making.next(
                of: round, number: number, lineage: group.lineage, base: base, baseFile: file, origins: origins,
                state: state, updates: updates, controls: controls, headers: group.headers, at: now)
        } catch {
            throw updates.storeFailure ?? controls?.storeFailure ?? error
        }
    }

    private func commit(_ open: Round, _ versions: [VersionRecord]) throws {
        let headers = try store.updateHeaders(of: open.number)
        var round = open
        round.phase = .committed
        round.endedAt = clock.now()
        round.version = versions.first?.version
        if round.clusters != nil { round.versions = versions.map(\.version) }
        round.lossBefore = VersionMaking.mean(headers) { $0.lossBefore }
        round.lossAfter = VersionMaking.mean(headers) { $0.lossAfter }
        var audit = versions.map { version in
            let lineage = round.clusters == nil ? "" : ", lineage \(version.lineage)"
            return entry(
                "version made", "version \(version.version)",
                "round \(round.number), cohort \(round.cohort)\(lineage), \(version.participants.count) updates")
        }
        // While a rollout is under way nothing may overtake it; the next version will do.
        let isUnderWay = rollouts.values.contains { $0.rollout.cohort == round.cohort && $0.rollout.phase.isOpen }
        var released: [ReleaseManifest] = []
        if round.kind == .training, settings.release == .immediate, !isUnderWay {
            let first = try store.nextRelease(of: round.cohort)
            released = versions.enumerated().map { position, version in
                manifest(
                    for: version, release: first + position, lineage: round.clusters == nil ? nil : version.lineage)
            }
        }
        audit += released.map { release in
            let whom =
                (release.lineage ?? 0) == 0 ? "to the whole cohort" : "to lineage \(release.lineage ?? 0) of cohort"
            return entry(
                "version released", "version \(release.model.version)",
                "release \(release.release) \(whom) \(release.cohort), by policy")
        }
        guard
            try store.commit(
                round, versions: versions, releases: released, keptRounds: settings.retention.updateRounds,
                audit: audit)
        else { return }
        for version in versions {
            logger.info(
                "round committed",
                metadata: [
                    "round": "\(round.number)", "version": "\(version.version)",
                    "loss.before": "\(version.lossBefore ?? .nan)", "loss.after": "\(version.lossAfter ?? .nan)",
                ])
        }
        for release in released {
            broadcastModel(release.model)
            guard (release.lineage ?? 0) == 0 else { continue }
            releases[release.cohort] = release
            announce(release)
        }
        try orderLineages(of: round.cohort)
    }

    private func manifest(for version: VersionRecord, release: Int, lineage: Int?) -> ReleaseManifest {
        ReleaseManifest(
            cohort: version.cohort, release: release,
            model: ModelReference(
                version: version.version,
                plan: ChunkPlan(
                    digest: version.version.digest, bytes: version.file.count, chunkBytes: settings.chunkBytes)),
            parent: version.parent, round: version.round, participants: version.participants.count,
            shadowWindows: settings.shadowWindows, releasedAt: clock.now(), lineage: lineage)
    }

    func abandon(_ open: Round, _ reason: String) throws {
        var round = open
        round.phase = .abandoned
        round.endedAt = clock.now()
        round.reason = reason
        let audit = entry("round abandoned", "round \(round.number)", reason)
        guard try store.move(round, from: open.phase, audit: audit) else { return }
        logger.notice("round abandoned", metadata: ["round": "\(round.number)", "reason": "\(reason)"])
        announce(round)
    }
}
