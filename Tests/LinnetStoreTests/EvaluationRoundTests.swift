// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFederation
import LinnetFleet
import LinnetMessaging
import LinnetNN
import LinnetNumerics
import LinnetStore
import LinnetTestKit
import Testing

@Suite("Rounds that score a version on agents that did not train it")
struct EvaluationRoundTests {
    private let harness: CoordinatorHarness
    private let agents: [ScriptedAgent]

    /// Six agents, of whom three train.
    init() throws {
        let harness = try CoordinatorHarness(quorum: 3) { settings in
            settings.rounds.goal = 3
            settings.rounds.overSelection = 1
            settings.rounds.evaluationShare = 0.5
            settings.rounds.everyMilliseconds = 3_600_000
        }
        agents = try (1...6).map { number in
            let agent = try ScriptedAgent("agent-\(number)", on: harness.bus, clock: harness.clock)
            try agent.trust(in: harness.keys)
            return agent
        }
        self.harness = harness
    }

    private func asked(_ offer: RoundOffer) -> [ScriptedAgent] { agents.filter { offer.participants.contains($0.id) } }

    /// Brings the fleet to its first evaluation.
    private func evaluation() async throws -> (training: RoundOffer, evaluation: RoundOffer) {
        await harness.start()
        for agent in agents { try agent.report(answers: RoundKind.allCases) }
        let statistics = try #require(try await harness.offer(.statistics))
        for agent in asked(statistics) { try agent.statistics(for: statistics, sequence: 1) }
        let training = try #require(try await harness.offer(.training))
        let base = try #require(try harness.model(training.base?.version))
        for agent in asked(training) {
            try agent.training(for: training, base: base, sequence: 2) { $0.parameters[0] += 0.01 }
        }
        return (training, try #require(try await harness.offer(.evaluation)))
    }

    @Test(
        "the version is scored by others, over a restart, and the result stands with the round, the version and the log"
    )
    func evaluated() async throws {
        let (training, offer) = try await evaluation()
        let version = try #require(offer.base?.version)
        #expect(version.number == 2 && Set(offer.participants).isDisjoint(with: training.participants))
        #expect(offer.nextAt == training.nextAt)

        let evaluators = asked(offer)
        try #require(evaluators.count == 3)
        try evaluators[0].evaluation(for: offer, sequence: 3, EvaluationBody(windows: 100, loss: 0.5, anomalous: 10))
        #expect(await eventually { evaluators[0].acknowledgement?.receipts.last?.sequence == 3 })
        try await harness.restart()
        for agent in agents { try agent.report(answers: RoundKind.allCases) }
        // One of them claims a thousand times as many windows as the others, and a loss beyond belief.
        try evaluators[1].evaluation(for: offer, sequence: 3, EvaluationBody(windows: 100, loss: 0.25, anomalous: 0))
        try evaluators[2].evaluation(
            for: offer, sequence: 3, EvaluationBody(windows: 100_000, loss: 1e30, anomalous: 0))
        #expect(await eventually { (try? harness.store.models(limit: 1).first?.evaluation) != nil })
        let found = try #require(try harness.store.models(limit: 1).first?.evaluation)
        await harness.stop()

        #expect(found.version == version && found.round == offer.round && found.agents == 3)
        #expect(found.loss == 0.5 && found.leastLoss == 0.25 && found.greatestLoss == 1e30)
        #expect(abs(found.anomalousShare - 10.0 / 600) < 1e-12)
        let report = try #require(try harness.store.rounds(limit: 10).first { $0.kind == .evaluation })
        #expect(report.evaluation == found && report.phase == "committed" && report.version == nil)
        #expect(try harness.auditActions().contains("version evaluated"))
        #expect(try harness.store.firstBrokenAuditRow() == nil)
        #expect(try harness.store.lastMakingRound(of: ScriptedAgent.cohort)?.number == training.round)
        // What agents reported one by one is not kept.
        #expect(try harness.store.updateBody(of: offer.round, agent: evaluators[0].id) == nil)
        #expect(try harness.store.models(limit: 9).first { $0.version.number == 1 }?.evaluation == nil)
    }

    @Test("a report that can not be, or is not signed for, is refused; too few make no evaluation and cost no round")
    func refused() async throws {
        let (_, offer) = try await evaluation()
        let evaluators = asked(offer)
        try evaluators[0].evaluation(for: offer, sequence: 3, EvaluationBody(windows: 5, loss: -1, anomalous: 0))
        try evaluators[1].evaluation(for: offer, sequence: 3, EvaluationBody(windows: 5, loss: 1, anomalous: 6))
        for agent in evaluators.prefix(2) {
            #expect(
                await eventually {
                    agent.acknowledgement?.receipts.last?.reason.hasPrefix("malformed") == true
                })
        }
        try evaluators[2].evaluation(for: offer, sequence: 3, EvaluationBody(windows: 5, loss: 1, anomalous: 0))
        #expect(await eventually { (try? harness.store.round(offer.round)?.phase) == .abandoned })
        harness.clock.advance(milliseconds: 3_600_000)
        for agent in agents { try agent.report(answers: RoundKind.allCases) }
        let next = try await harness.offer(.training, after: offer.round)
        let counts = try harness.store.roundCounts()[ScriptedAgent.cohort]
        await harness.stop()

        #expect(next != nil && counts?.abandoned == 0 && counts?.committed == 1)
    }
}
