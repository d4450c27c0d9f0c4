// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFederation
import LinnetFleet
import LinnetMessaging
import LinnetNN
import LinnetNumerics

/// A coordinator without sockets and disk: rounds are opened, screened, closed and aggregated by the values that a real one
/// uses, and what a real one has in SQLite stands in dictionaries that survive a restart.
struct SimulatedCoordinator {
    /// What it wants done.
    enum Action {
        /// Tell the cohort of a round: that it is open, or that it is over.
        case broadcast(RoundOffer)
        case answer(agent: Int, UpdateReceipt)
        case plan(SimulationEvent, after: Int64)
        /// A round is over.
        case ended(RoundOutcome)
    }

    let settings: SimulationSettings
    let contract: SignalContract
    let cohort: CohortID
    private let admission: UpdateAdmission
    private let making: VersionMaking

    // What a real coordinator has on disk.
    private(set) var newest: VersionRecord?
    private(set) var files: [Digest: Data] = [:]
    /// What an update may have started from: the versions whose files are kept, the oldest first.
    private var versions: [ModelVersion] = []
    private(set) var round: Round?
    private var lastRound: Round?
    /// The rounds whose updates may still come, by number.
    private var rounds: [Int: Round] = [:]
    private var updates: [AgentID: UpdateRecord] = [:]
    private var refusals: [AgentID: String] = [:]
    private var refusedCodes: [String: Int] = [:]
    private var lastSequence: [AgentID: Int64] = [:]
    private var verdicts: [AgentID: UpdateReceipt] = [:]
    /// Bytes of the updates taken in this round, as they travelled.
    private var bytes = 0

    // What a restart loses.
    private var machine: RoundMachine?
    private var base: ModelArtifact?
    var isUp = true

    private var generator: SeededGenerator
    private(set) var outcomes: [RoundOutcome] = []

    init(settings: SimulationSettings, contract: SignalContract) {
        self.settings = settings
        self.contract = contract
        cohort = CohortID(of: contract)
        admission = UpdateAdmission(settings: settings.fleet, looksAtNumbers: settings.isScreened)
        making = VersionMaking(settings: settings.fleet)
        generator = SeededGenerator(seed: settings.seed &+ 0x636f_6f72)
    }

    /// The model of the newest version; `nil` before the first.
    var model: ModelArtifact? { newest.flatMap { try? ModelArtifact(parsing: $0.file) } }

    /// Committed training rounds so far, and abandoned ones of any kind.
    var committed: Int { outcomes.count { $0.phase == "committed" && $0.kind == RoundKind.training.rawValue } }
    var abandoned: Int { outcomes.count { $0.phase == "abandoned" } }

    // MARK: - Opening

    /// Opens a round if it is time for one.
    mutating func open(at now: Timestamp, agents: [AgentRecord]) -> [Action] {
        guard isUp, round == nil else { return [] }
        let situation = RoundPolicy.Situation(
            cohort: cohort, now: now, agents: agents, lastRound: lastRound, newest: newest.map(reference))
        switch settings.fleet.rounds.decide(situation, strategy: settings.fleet.strategy, using: &generator) {
        case .wait: return [.plan(.openRound, after: 10_000)]
        case .open(let proposal):
            var round = proposal
            round.number = (lastRound?.number ?? 0) + 1
            begin(round)
            return [
                .broadcast(round.offer()),
                .plan(.deadline(round: round.number), after: round.deadline.milliseconds(since: now)),
            ]
        }
    }

    private mutating func begin(_ round: Round) {
        self.round = round
        let first = admission.late.firstRound(before: round.number)
        rounds = rounds.filter { $0.key >= first }
        rounds[round.number] = round
        updates = [:]
        refusals = [:]
        refusedCodes = [:]
        if !admission.late.areTaken { verdicts = [:] }
        bytes = 0
        restore()
    }

    private func reference(_ version: VersionRecord) -> ModelReference {
        ModelReference(
            version: version.version, plan: ChunkPlan(of: version.file, chunkBytes: settings.fleet.chunkBytes))
    }

    // MARK: - Restart

    /// Comes back after a kill: goes on where the store says it was, and says again what is open.
    mutating func restart(at now: Timestamp) -> [Action] {
        isUp = true
        restore()
        guard let round else { return [.plan(.openRound, after: 0)] }
        return [.broadcast(round.offer())] + move(.tick(now), at: now)
    }

    /// Makes anew what is derived from what is stored.
    private mutating func restore() {
        machine = round.map { RoundMachine($0, accepted: Set(updates.keys), refused: Set(refusals.keys)) }
        base = round?.base.flatMap { files[$0.version.digest] }.flatMap { try? ModelArtifact(parsing: $0) }
    }

    // MARK: - Updates

    /// Takes in an update that has arrived whole.
    mutating func receive(_ submission: Submission, at now: Timestamp) -> [Action] {
        let header = submission.header
        let body: Data
        do throws(UpdateRefusal) {
            switch try admission.judge(header, in: situation(of: header)) {
            case .sayAgain(let receipt): return [.answer(agent: submission.agent, receipt)]
            case .wait: return []
            case .take: break
            }
            body = try admission.judge(
                submission.body, of: header, base: model(header.base), channelCount: contract.channels.count
            ).body
        } catch {
            return refuse(submission, error, at: now)
        }
        let isLate = header.round != round?.number
        updates[header.agent] = UpdateRecord(header: header, body: body, receivedAt: now, round: round?.number)
        bytes += header.plan.bytes
        lastSequence[header.agent] = header.sequence
        let receipt = UpdateReceipt(round: header.round, sequence: header.sequence, accepted: true, reason: "")
        verdicts[header.agent] = receipt
        // A late one may be of an agent that this round did not ask.
        if isLate { restore() }
        return [.answer(agent: submission.agent, receipt)]
            + move(isLate ? .tick(now) : .updateAccepted(header.agent), at: now)
    }

    /// A stored version's model; `nil` where its file is gone.
    private func model(_ version: ModelVersion?) -> ModelArtifact? {
        if version == round?.base?.version { return base }
        return version.flatMap { files[$0.digest] }.flatMap { try? ModelArtifact(parsing: $0) }  // it was made here
    }

    private func situation(of header: UpdateHeader) -> UpdateAdmission.Situation {
        let verdict = verdicts[header.agent]
        return UpdateAdmission.Situation(
            open: round, asked: rounds[header.round] ?? round, last: round ?? lastRound,
            lastSequence: lastSequence[header.agent] ?? 0, hasSubmitted: updates[header.agent] != nil,
            verdict: verdict?.sequence == header.sequence && verdict?.round == header.round ? verdict : nil,
            lateBases: round.flatMap(admission.late.bases).map { numbers in
                versions.filter { numbers.contains($0.number) }
            } ?? [])
    }

    private mutating func refuse(_ submission: Submission, _ refusal: UpdateRefusal, at now: Timestamp) -> [Action] {
        let header = submission.header
        refusedCodes[refusal.code, default: 0] += 1
        let verdict = UpdateVerdict(
            round: header.round, agent: header.agent, sequence: header.sequence, accepted: false, code: refusal.code,
            reason: "\(refusal)")
        var actions: [Action] = [.answer(agent: submission.agent, verdict.receipt)]
        if verdict.isFinalRefusal, header.round == round?.number {
            verdicts[header.agent] = verdict.receipt
            refusals[header.agent] = refusal.code
            actions += move(.updateRefused(header.agent), at: now)
        }
        return actions
    }

    // MARK: - Closing

    /// A round's deadline is over.
    mutating func deadline(of number: Int, at now: Timestamp) -> [Action] {
        guard isUp, round?.number == number else { return [] }
        return move(.tick(now), at: now)
    }

    private mutating func move(_ event: LinnetFleet.RoundEvent, at now: Timestamp) -> [Action] {
        switch machine?.handle(event) {
        case .aggregate: aggregate(at: now)
        case .abandon(let reason): end(.abandoned, reason: reason, at: now)
        case .commit, nil: []
        }
    }

    private mutating func aggregate(at now: Timestamp) -> [Action] {
        guard var round else { return [] }
        round.phase = .aggregating
        self.round = round
        // By agent, as the store hands them out.
        let stored = updates.values.sorted { $0.header.agent < $1.header.agent }
        do throws(VersionMakingError) {
            if let base = round.base {
                newest = try making.next(
                    of: round, base: base, baseFile: files[base.version.digest],
                    origins: LateUpdates.origins(of: stored.map(\.header), base: base.version) { files[$0.digest] },
                    state: newest?.serverState, updates: stored, at: now)
            } else {
                newest = try making.first(of: round, contract: contract, updates: stored, at: now)
            }
        } catch {
            return end(.abandoned, reason: "\(error)", at: now)
        }
        guard let newest else { return [] }
        // Only what a round can still be trained from, or was: the base of the next, and of those before whose updates may
        // come yet.
        let oldest = admission.late.bases(of: round)?.lowerBound ?? round.base?.version.number ?? 0
        versions = versions.filter { $0.number >= oldest } + [newest.version]
        files[newest.version.digest] = newest.file
        let kept = Set(versions.map(\.digest))
        files = files.filter { kept.contains($0.key) }
        self.round?.version = newest.version
        return end(.committed, reason: nil, at: now)
    }

    private mutating func end(_ phase: RoundPhase, reason: String?, at now: Timestamp) -> [Action] {
        guard var round else { return [] }
        round.phase = phase
        round.endedAt = now
        round.reason = reason
        lastRound = round
        self.round = nil
        machine = nil
        let outcome = RoundOutcome(
            round: round.number, kind: round.kind.rawValue, phase: phase.rawValue, asked: round.participants.count,
            accepted: updates.count, late: updates.values.count { $0.header.round != round.number },
            refused: refusedCodes, version: round.version?.number,
            seconds: Double(now.milliseconds(since: round.openedAt)) / 1000,
            bytes: bytes, reason: reason)
        outcomes.append(outcome)
        return [.broadcast(round.offer()), .ended(outcome), .plan(.openRound, after: pause(after: round, at: now))]
    }

    /// Looking every now and then would do as well, but each look at a large fleet takes its time.
    private func pause(after round: Round, at now: Timestamp) -> Int64 {
        if round.kind == .statistics, round.phase == .committed { return 0 }
        let since = round.phase == .abandoned ? now : round.openedAt
        return settings.fleet.rounds.everyMilliseconds - now.milliseconds(since: since)
    }

    /// Notes how well the version of the last round does.
    mutating func note(loss: Double) { outcomes[outcomes.count - 1].loss = loss }
}
