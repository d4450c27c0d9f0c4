// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFederation
import LinnetMessaging

/// When rounds open and whom they ask.
public struct RoundPolicy: Sendable, Equatable {
    /// From the start of one round of a cohort to the next, and the pause after one that was abandoned.
    public var everyMilliseconds: Int64
    public var deadlineMilliseconds: Int64
    /// Fewest updates that make a round, whatever the share says.
    public var quorum: Int
    /// Share of the participants that must answer, 0 to 1.
    public var quorumShare: Double
    /// Updates wanted, at most; a cohort may be far larger.
    public var goal: Int
    /// How many more are asked than wanted; 1.3 asks 130 %.
    public var overSelection: Double
    /// Normal windows an agent must have stored to be asked.
    public var minimumWindows: Int
    /// How old an agent's last state may be for it to count as ready.
    public var freshMilliseconds: Int64
    /// How many participants begin in a second, at most; `nil` lets all begin at once.
    public var arrivalsPerSecond: Int?
    /// Share of the ready agents that each new version is scored by, who have not trained it; 0 evaluates nothing.
    public var evaluationShare: Double
    /// How many lineages a cohort may have, for machines of different character; 1 for all alike.
    public var clusters: Int
    /// Fewest updates that make a lineage's next version.
    public var lineageQuorum: Int
    public var settings: ClientSettings

    public init(
        everyMilliseconds: Int64 = 3_600_000, deadlineMilliseconds: Int64 = 600_000, quorum: Int = 2,
        quorumShare: Double = 0.6, goal: Int = 1000, overSelection: Double = 1.3, minimumWindows: Int = 64,
        freshMilliseconds: Int64 = 60_000, arrivalsPerSecond: Int? = nil, evaluationShare: Double = 0,
        clusters: Int = 1, lineageQuorum: Int = 2, settings: ClientSettings = ClientSettings()
    ) {
        self.everyMilliseconds = everyMilliseconds
        self.deadlineMilliseconds = deadlineMilliseconds
        self.quorum = quorum
        self.quorumShare = quorumShare
        self.goal = goal
        self.overSelection = overSelection
        self.minimumWindows = minimumWindows
        self.freshMilliseconds = freshMilliseconds
        self.arrivalsPerSecond = arrivalsPerSecond
        self.evaluationShare = evaluationShare
        self.clusters = clusters
        self.lineageQuorum = lineageQuorum
        self.settings = settings
    }

    /// What the next round of a cohort is decided from.
    public struct Situation: Sendable {
        public var cohort: CohortID
        public var now: Timestamp
        /// Every agent of the cohort with its last state.
        public var agents: [AgentRecord]
        /// The newest round, and the newest that was to make a version: not an evaluation.
        public var lastRound: Round?
        public var lastMaking: Round?
        /// Who can not judge the newest version: whose update is in it, and who belongs to another lineage.
        public var contributors: Set<AgentID>
        /// The newest versions of the other lineages, by their numbers from 1 on.
        public var lineages: [ModelReference]
        /// The newest version; absent before the statistics round has been committed.
        public var newest: ModelReference?

        public init(
            cohort: CohortID, now: Timestamp, agents: [AgentRecord], lastRound: Round?, lastMaking: Round? = nil,
            contributors: Set<AgentID> = [], newest: ModelReference?, lineages: [ModelReference] = []
        ) {
            self.cohort = cohort
            self.now = now
            self.agents = agents
            self.lastRound = lastRound
            self.lastMaking = lastMaking ?? (lastRound?.kind == .evaluation ? nil : lastRound)
            self.contributors = contributors
            self.lineages = lineages
            self.newest = newest
        }
    }

    /// The decision: a round to open, or what it waits for.
    public enum Decision: Sendable, Equatable {
        case open(Round)
        case wait(String)
    }

    /// Decides whether a round of this cohort opens now. Its number is 0 until the store has given it one.
    ///
    /// - Parameter strategy: how its updates will become a version.
    public func decide(
        _ situation: Situation, strategy: StrategyDescription = .standard,
        using generator: inout some RandomNumberGenerator
    ) -> Decision {
        if let last = situation.lastRound {
            guard last.phase.isOver else { return .wait("round \(last.number) is \(last.phase.rawValue)") }
        }
        let online = situation.agents.filter { isOnline($0, now: situation.now) }
        // Who says that it sits out is not asked, and not waited for either.
        let willing = online.filter { $0.state?.sitsOut == nil }
        let ready = willing.filter { ($0.state?.trainingWindows ?? 0) >= minimumWindows }
        if let evaluation = evaluation(of: ready, in: situation, using: &generator) { return .open(evaluation) }
        if let last = situation.lastMaking {
            let left = nextAt(after: last).milliseconds(since: situation.now)
            // A clock set back must not stop rounds for as long as it was set back.
            if (1...everyMilliseconds).contains(left) {
                return .wait("the next round is due in \((left + 999) / 1000) s")
            }
        }
        // Of those who would be asked if all who are there were ready: the first to be ready does not go ahead alone.
        let selection = Selection(goal: goal, overSelection: overSelection)
        let needed = quorum(of: selection.count(of: willing.count))
        guard ready.count >= needed else {
            let away = online.count - willing.count
            return .wait(
                "\(ready.count) of \(situation.agents.count) agents are ready (online, with \(minimumWindows) normal "
                    + "windows or more); \(needed) are needed" + (away > 0 ? "; \(away) sit out" : ""))
        }
        let reserved = evaluators(heldOutOf: ready, needed: needed, selection, using: &generator)
        let participants = selection.select(
            from: ready.map(\.id).filter { !reserved.contains($0) }, using: &generator)
        var round = Round(
            number: 0, cohort: situation.cohort, kind: situation.newest == nil ? .statistics : .training,
            base: situation.newest, settings: offeredSettings, participants: participants,
            goal: min(goal, participants.count), quorum: quorum(of: participants.count),
            minimumWindows: minimumWindows, openedAt: situation.now,
            deadline: situation.now.adding(milliseconds: deadlineMilliseconds))
        round.spreadMilliseconds = spread(of: participants.count)
        if strategy.usesControlVariates, round.kind == .training {
            round.settings.controlVariates = true
            round.agents = situation.agents.count
        }
        if clusters > 1, round.kind == .training {
            round.clusters = ClusterTerms(count: clusters, quorum: lineageQuorum)
            round.lineages = situation.lineages.isEmpty ? nil : situation.lineages
        }
        return .open(LateUpdates(strategy).asBuffer(round))
    }

    // MARK: - Evaluation

    /// The round in which agents that have not trained the newest version score it; `nil` if that has been asked, or there
    /// are too few of them.
    private func evaluation(
        of ready: [AgentRecord], in situation: Situation, using generator: inout some RandomNumberGenerator
    ) -> Round? {
        guard evaluationShare > 0, let last = situation.lastRound, last.kind == .training, last.phase == .committed,
            let newest = situation.newest, newest.version == last.version
        else { return nil }
        let others = ready.filter {
            !situation.contributors.contains($0.id) && $0.state?.canAnswer(.evaluation) ?? false
        }
        guard others.count >= VersionEvaluation.minimumAgents else { return nil }
        let selection = Selection(goal: evaluators(of: ready.count), overSelection: 1)
        let participants = selection.select(from: others.map(\.id), using: &generator)
        return Round(
            number: 0, cohort: situation.cohort, kind: .evaluation, base: newest, settings: offeredSettings,
            participants: participants, goal: participants.count, quorum: VersionEvaluation.minimumAgents,
            minimumWindows: 1, openedAt: situation.now,
            deadline: situation.now.adding(milliseconds: deadlineMilliseconds))
    }

    /// Agents that are not asked to train, so that they can score what comes of it; none where too few would be left to
    /// train, or enough are left out in any case.
    private func evaluators(
        heldOutOf ready: [AgentRecord], needed: Int, _ selection: Selection,
        using generator: inout some RandomNumberGenerator
    ) -> Set<AgentID> {
        guard evaluationShare > 0 else { return [] }
        let wanted = evaluators(of: ready.count)
        guard ready.count - wanted >= max(needed, wanted), selection.count(of: ready.count) > ready.count - wanted
        else { return [] }
        let able = ready.filter { $0.state?.canAnswer(.evaluation) ?? false }
        return Set(Selection(goal: wanted, overSelection: 1).select(from: able.map(\.id), using: &generator))
    }

    /// How many of so many ready agents score a version.
    private func evaluators(of ready: Int) -> Int {
        max(VersionEvaluation.minimumAgents, Int((evaluationShare * Double(ready)).rounded(.up)))
    }

    /// When the next training round of a cohort opens at the earliest.
    ///
    /// - Parameter last: its newest round, open or over.
    public func nextAt(after last: Round) -> Timestamp {
        let ended = last.endedAt ?? last.openedAt
        return switch (last.kind, last.phase) {
        // After a round that came to nothing the pause counts from its end, or a long deadline would leave none.
        case (_, .abandoned): ended.adding(milliseconds: everyMilliseconds)
        // The step from statistics to the first training round needs no pause; agents hear so while the former is open.
        case (.statistics, _): ended
        default: last.openedAt.adding(milliseconds: everyMilliseconds)
        }
    }

    /// Over how many milliseconds so many participants begin; at most an eighth of the round, and less than a second is not
    /// worth the trouble.
    func spread(of participants: Int) -> Int? {
        guard let arrivalsPerSecond, arrivalsPerSecond > 0 else { return nil }
        let wanted = participants * 1000 / arrivalsPerSecond
        let spread = min(wanted, Int(deadlineMilliseconds / 8))
        return spread >= 1000 ? spread : nil
    }

    /// Fewest updates for a round of so many participants; never more than the goal, at which it closes.
    public func quorum(of participants: Int) -> Int {
        // Both factors are checked when the configuration is read: the product is finite and small.
        max(1, min(goal, max(quorum, Int((quorumShare * Double(participants)).rounded(.up)))))
    }

    /// Training that would outlast the round is training for nothing, so a quarter of it is left for the way back.
    private var offeredSettings: ClientSettings {
        var offered = settings
        offered.maximumSeconds = min(settings.maximumSeconds, max(1, Int(deadlineMilliseconds * 3 / 4 / 1000)))
        return offered
    }

    /// Whether an agent is there: it says so, and has said something within the time that counts as fresh.
    public func isOnline(_ agent: AgentRecord, now: Timestamp) -> Bool {
        agent.isOnline && agent.state != nil && now.milliseconds(since: agent.lastSeen) <= freshMilliseconds
    }
}
