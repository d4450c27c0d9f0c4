// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFleet
import LinnetMessaging
import LinnetNumerics
import Testing

@Suite("When rounds open, and whom they ask")
struct RoundPolicyTests {
    private let now = Timestamp(milliseconds: 1_767_225_600_000)
    private let contract = SignalContract(
        channels: [Channel(name: "flow")], intervalMilliseconds: 1000, windowLength: 8)
    private var cohort: CohortID { CohortID(of: contract) }

    private func agent(
        _ name: String, windows: Int = 100, online: Bool = true, secondsAgo: Int64 = 1, sitsOut: String? = nil
    ) throws -> AgentRecord {
        var generator = SeededGenerator(seed: 1)
        let session = ULID(at: now, using: &generator)
        let id = try AgentID(name)
        let state = AgentState(
            agent: id, session: session, software: "test", at: now, cohort: cohort, contract: contract, devices: [],
            active: nil, previous: nil, candidate: nil, release: 0, trainingWindows: windows, outboxDepth: 0,
            outboxDropped: 0, residentBytes: 0, sitsOut: sitsOut, echo: "")
        return AgentRecord(
            id: id, session: session, isOnline: online, lastSeen: now.adding(milliseconds: -secondsAgo * 1000),
            state: state)
    }

    private func decide(
        _ policy: RoundPolicy, _ agents: [AgentRecord], last: Round? = nil, newest: ModelReference? = nil,
        seed: UInt64 = 1
    ) -> RoundPolicy.Decision {
        var generator = SeededGenerator(seed: seed)
        return policy.decide(
            .init(cohort: cohort, now: now, agents: agents, lastRound: last, newest: newest), using: &generator)
    }

    private func opened(_ decision: RoundPolicy.Decision) -> Round? {
        if case .open(let round) = decision { round } else { nil }
    }

    private func round(
        _ kind: RoundKind, _ phase: RoundPhase, openedSecondsAgo: Int64, endedSecondsAgo: Int64? = nil
    ) -> Round {
        let openedAt = now.adding(milliseconds: -openedSecondsAgo * 1000)
        var round = Round(
            number: 4, cohort: cohort, kind: kind, base: nil, settings: ClientSettings(), participants: [], goal: 1,
            quorum: 1, minimumWindows: 1, openedAt: openedAt, deadline: openedAt.adding(milliseconds: 60_000))
        round.phase = phase
        round.endedAt = endedSecondsAgo.map { now.adding(milliseconds: -$0 * 1000) }
        return round
    }

    private var model: ModelReference {
        let digest = Digest(of: Data("model".utf8))
        return ModelReference(
            version: ModelVersion(number: 1, digest: digest),
            plan: ChunkPlan(digest: digest, bytes: 100, chunkBytes: 64))
    }

    @Test("a cohort's first round gathers statistics, the next ones train from the newest version")
    func kinds() throws {
        let agents = [try agent("a"), try agent("b")]

        let first = try #require(opened(decide(RoundPolicy(), agents)))
        #expect(first.kind == .statistics && first.base == nil)
        #expect(first.participants.map(\.rawValue) == ["a", "b"])
        let next = try #require(opened(decide(RoundPolicy(), agents, newest: model)))
        #expect(next.kind == .training && next.base == model)
        #expect(next.deadline.milliseconds(since: now) == RoundPolicy().deadlineMilliseconds)
    }

    @Test("agents that are offline, silent, or without enough windows are not asked")
    func readiness() throws {
        let agents = [
            try agent("ready"), try agent("also-ready"), try agent("offline", online: false),
            try agent("silent", secondsAgo: 61), try agent("learning", windows: 63),
        ]

        let round = try #require(opened(decide(RoundPolicy(), agents)))

        #expect(round.participants.map(\.rawValue) == ["also-ready", "ready"])
    }

    @Test("who sits out is neither asked nor waited for, and counted where the quorum is missed")
    func sitsOut() throws {
        let away = try (1...3).map { try agent("away-\($0)", sitsOut: "its device is under maintenance") }
        let policy = RoundPolicy(quorum: 1, quorumShare: 1)

        let round = try #require(opened(decide(policy, away + [try agent("a")])))
        #expect(round.participants.map(\.rawValue) == ["a"] && round.quorum == 1)
        #expect(
            decide(policy, away)
                == .wait("0 of 3 agents are ready (online, with 64 normal windows or more); 1 are needed; 3 sit out"))
    }

    @Test("it waits for a quorum, and says so in words")
    func blocker() throws {
        #expect(
            decide(RoundPolicy(), [try agent("a"), try agent("b", windows: 3)])
                == .wait("1 of 2 agents are ready (online, with 64 normal windows or more); 2 are needed"))
        #expect(
            decide(RoundPolicy(), [])
                == .wait("0 of 0 agents are ready (online, with 64 normal windows or more); 2 are needed"))
    }

    @Test("the quorum counts all who are there, so that the first to be ready does not go ahead alone")
    func quorumOfAll() throws {
        let policy = RoundPolicy(quorum: 1, quorumShare: 0.6)
        let learning = try (1...4).map { try agent("learning-\($0)", windows: 0) }

        #expect(opened(decide(policy, learning + [try agent("ready")])) == nil)
        #expect(opened(decide(policy, [try agent("ready")])) != nil)
    }

    @Test("the quorum is the larger of number and share, at least one, and never above the goal")
    func quorum() {
        #expect(RoundPolicy(quorum: 2, quorumShare: 0.6).quorum(of: 3) == 2)
        #expect(RoundPolicy(quorum: 2, quorumShare: 0.6).quorum(of: 10) == 6)
        #expect(RoundPolicy(quorum: 2, quorumShare: 0.61).quorum(of: 10) == 7)
        #expect(RoundPolicy(quorum: 1, quorumShare: 0).quorum(of: 0) == 1)
        #expect(RoundPolicy(quorum: 1, quorumShare: 1, goal: 10).quorum(of: 13) == 10)
    }

    @Test("a large fleet is sampled: 130 % of the goal is asked, each seed other agents")
    func overSelection() throws {
        let agents = try (0..<100).map { try agent("a\($0)") }
        let policy = RoundPolicy(goal: 10, overSelection: 1.3)

        let first = try #require(opened(decide(policy, agents, seed: 1)))
        let second = try #require(opened(decide(policy, agents, seed: 2)))

        #expect(first.participants.count == 13 && first.goal == 10)
        #expect(first.participants != second.participants)
    }

    @Test("while a round goes on, no other opens")
    func oneAtATime() throws {
        let agents = [try agent("a"), try agent("b")]

        #expect(
            decide(RoundPolicy(), agents, last: round(.training, .collecting, openedSecondsAgo: 9999))
                == .wait("round 4 is collecting"))
    }

    @Test("rounds start at the configured pace; the first training round follows statistics at once")
    func pace() throws {
        let agents = [try agent("a"), try agent("b")]
        let policy = RoundPolicy(everyMilliseconds: 60_000)

        let early = round(.training, .committed, openedSecondsAgo: 50, endedSecondsAgo: 5)
        #expect(decide(policy, agents, last: early, newest: model) == .wait("the next round is due in 10 s"))
        let due = round(.training, .committed, openedSecondsAgo: 60, endedSecondsAgo: 5)
        #expect(opened(decide(policy, agents, last: due, newest: model)) != nil)
        let statistics = round(.statistics, .committed, openedSecondsAgo: 2, endedSecondsAgo: 1)
        #expect(opened(decide(policy, agents, last: statistics, newest: model)) != nil)
    }

    @Test("after an abandoned round the whole pause is kept, however long it took")
    func backOff() throws {
        let agents = [try agent("a"), try agent("b")]
        let abandoned = round(.training, .abandoned, openedSecondsAgo: 600, endedSecondsAgo: 20)

        #expect(
            decide(RoundPolicy(everyMilliseconds: 60_000), agents, last: abandoned, newest: model)
                == .wait("the next round is due in 40 s"))
    }

    @Test("a clock that was set back does not stop rounds")
    func clockSetBack() throws {
        let agents = [try agent("a"), try agent("b")]
        let future = round(.training, .committed, openedSecondsAgo: -100_000, endedSecondsAgo: -100_000)

        #expect(opened(decide(RoundPolicy(), agents, last: future, newest: model)) != nil)
    }

    @Test(
        "agents are told when the next round opens: after its pace, after a failure's end, and at once after statistics"
    )
    func nextAt() {
        let policy = RoundPolicy(everyMilliseconds: 60_000)
        let training = round(.training, .committed, openedSecondsAgo: 50, endedSecondsAgo: 5)
        #expect(policy.nextAt(after: training) == now.adding(milliseconds: 10_000))
        let open = round(.training, .collecting, openedSecondsAgo: 50)
        #expect(policy.nextAt(after: open) == now.adding(milliseconds: 10_000))
        let abandoned = round(.training, .abandoned, openedSecondsAgo: 600, endedSecondsAgo: 20)
        #expect(policy.nextAt(after: abandoned) == now.adding(milliseconds: 40_000))
        let statistics = round(.statistics, .committed, openedSecondsAgo: 2, endedSecondsAgo: 1)
        #expect(policy.nextAt(after: statistics) == now.adding(milliseconds: -1000))
        let gathering = round(.statistics, .collecting, openedSecondsAgo: 2)
        #expect(policy.nextAt(after: gathering) == now.adding(milliseconds: -2000))
        #expect(open.offer(nextAt: now).nextAt == now && open.offer().nextAt == nil)
    }

    @Test("a large fleet's beginnings are spread so that no more arrive in a second than was said, within an eighth")
    func spread() throws {
        let agents = try (0..<100).map { try agent("a\($0)") }
        let policy = RoundPolicy(deadlineMilliseconds: 600_000, arrivalsPerSecond: 5)
        let round = try #require(opened(decide(policy, agents)))
        #expect(round.spreadMilliseconds == 20_000 && round.offer().spreadMilliseconds == 20_000)
        #expect(try #require(opened(decide(RoundPolicy(), agents))).spreadMilliseconds == nil)
        let few = RoundPolicy(arrivalsPerSecond: 200)
        #expect(try #require(opened(decide(few, agents))).spreadMilliseconds == nil)
        let short = RoundPolicy(deadlineMilliseconds: 16_000, arrivalsPerSecond: 1)
        #expect(try #require(opened(decide(short, agents))).spreadMilliseconds == 2000)
    }

    private func evaluators(_ names: ClosedRange<Int>) throws -> [AgentRecord] {
        try names.map { number in
            var agent = try agent("a\(number)")
            agent.state?.answers = RoundKind.allCases.map(\.rawValue)
            return agent
        }
    }

    @Test("some agents are kept from training, to score what comes of it; never so many that a quorum is missed")
    func heldOut() throws {
        let policy = RoundPolicy(evaluationShare: 0.2)
        let many = try #require(opened(decide(policy, try evaluators(1...20), newest: model)))
        #expect(many.participants.count == 16 && many.quorum == 10)
        // Four of six must train: three can not be spared.
        let few = try #require(opened(decide(policy, try evaluators(1...6), newest: model)))
        #expect(few.participants.count == 6)
        // Enough are left out in any case.
        let sampled = RoundPolicy(goal: 4, overSelection: 1, evaluationShare: 0.2)
        #expect(try #require(opened(decide(sampled, try evaluators(1...20), newest: model))).participants.count == 4)
    }

    @Test("a new version is scored at once by agents that have not trained it and know how to, if there are three")
    func evaluation() throws {
        let policy = RoundPolicy(everyMilliseconds: 60_000, evaluationShare: 0.1)
        var last = round(.training, .committed, openedSecondsAgo: 5, endedSecondsAgo: 1)
        last.version = model.version
        func decide(_ agents: [AgentRecord], last: Round, share: Double = 0.1) -> RoundPolicy.Decision {
            var generator = SeededGenerator(seed: 1)
            var policy = policy
            policy.evaluationShare = share
            let contributors: Set = [AgentID(checked: "a1"), AgentID(checked: "a2")]
            return policy.decide(
                RoundPolicy.Situation(
                    cohort: cohort, now: now, agents: agents, lastRound: last,
                    lastMaking: round(.training, .committed, openedSecondsAgo: 5), contributors: contributors,
                    newest: model), using: &generator)
        }

        let asked = try #require(opened(decide(try evaluators(1...6), last: last)))
        #expect(asked.kind == .evaluation && asked.base == model && asked.quorum == 3)
        #expect(asked.participants.count == 3 && asked.participants.allSatisfy { $0.rawValue > "a2" })
        #expect(opened(decide(try evaluators(1...4), last: last)) == nil)
        #expect(opened(decide(try (1...6).map { try agent("a\($0)") }, last: last)) == nil)
        #expect(opened(decide(try evaluators(1...6), last: last, share: 0)) == nil)
        // Once it is over the next training round keeps its pace, by the round before.
        let over = round(.evaluation, .abandoned, openedSecondsAgo: 4, endedSecondsAgo: 1)
        #expect(decide(try evaluators(1...6), last: over) == .wait("the next round is due in 55 s"))
    }

    @Test("training is asked to end well before the deadline")
    func trainingTime() throws {
        let agents = [try agent("a"), try agent("b")]

        let round = try #require(opened(decide(RoundPolicy(deadlineMilliseconds: 20_000), agents)))

        #expect(round.settings.maximumSeconds == 15)
    }
}
