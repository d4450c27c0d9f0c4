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

@Suite("A cohort with two lineages")
struct LineageRoundTests {
    private let harness: CoordinatorHarness
    private let agents: [ScriptedAgent]

    /// Five agents: the odd ones are of one character, the even ones of another.
    init() throws {
        let harness = try CoordinatorHarness(quorum: 5, strategy: StrategyDescription(.fedavg)) { settings in
            settings.rounds.clusters = 2
        }
        agents = try (1...5).map { number in
            let agent = try ScriptedAgent("agent-\(number)", on: harness.bus, clock: harness.clock)
            try agent.trust(in: harness.keys)
            return agent
        }
        self.harness = harness
    }

    /// Each agent's update: its character's way from the base that it has chosen.
    private func train(_ offer: RoundOffer, bases: [Int], sequence: Int64) throws {
        for (number, agent) in agents.enumerated() {
            var chosen = offer
            chosen.base = offer.bases[bases[number]]
            let base = try #require(try harness.model(chosen.base?.version))
            try agent.training(for: chosen, base: base, sequence: sequence) { model in
                let step: Float = number % 2 == 0 ? 0.1 : -0.1
                for index in 0..<model.parameters.count { model.parameters[index] += step + Float(number) * 0.001 }
            }
        }
    }

    /// The order that an agent finds at the broker.
    private func order(of agent: ScriptedAgent, above release: Int) async throws -> ReleaseManifest? {
        var found: ReleaseManifest?
        _ = try await eventually {
            guard let message = harness.bus.retained(agent.topics.text(.desired(agent.id))) else { return false }
            let order = try SignedEnvelope.open(
                message.payload, as: DesiredVersion.self, by: harness.key.verifyingKey)
            guard order.rollout == 0, order.manifest.release > release else { return false }
            found = try order.manifest(for: agent.id)
            return true
        }
        return found
    }

    private func reportAll() throws { for agent in agents { try agent.report() } }

    private func split() async throws -> RoundOffer {
        await harness.start()
        try reportAll()
        let statistics = try #require(try await harness.offer(.statistics))
        for agent in agents { try agent.statistics(for: statistics, sequence: 1) }
        let first = try #require(try await harness.offer(.training))
        #expect(first.lineages == nil && first.participants.count == 5)
        try train(first, bases: [0, 0, 0, 0, 0], sequence: 2)
        return first
    }

    @Test("the first round's updates part where they went different ways; each lineage goes to its own agents")
    func found() async throws {
        let first = try await split()
        var orders: [ReleaseManifest] = []
        for agent in agents.prefix(2) { orders.append(try #require(try await order(of: agent, above: 0))) }
        let cohorts = try #require(try await harness.manifest(above: 0))
        let verification = try await harness.coordinator.verify(round: first.round)
        let reports = try await harness.coordinator.agentReports()
        let round = try #require(try harness.store.rounds(limit: 1).first)
        await harness.stop()

        #expect(reports.map(\.lineage) == [0, 1, 0, 1, 0])
        #expect(round.lineages?.map(\.lineage) == [0, 1] && round.lineages?.map(\.version.number) == [2, 3])
        #expect(round.lineages?.map(\.participants.count) == [3, 2])
        #expect(orders.map(\.lineage) == [0, 1] && orders.map(\.release) == [1, 2])
        #expect(cohorts == orders[0] && cohorts.participants == 3 && orders[1].participants == 2)
        let base = try #require(try harness.model(first.base?.version)).parameters
        for (order, expected) in zip(orders, [Float(0.102), -0.098]) {
            let model = try #require(try harness.model(order.model.version))
            #expect(abs(model.parameters[0] - base[0] - expected) < 1e-5)
            #expect(model.provenance["lineage"] == "\(try #require(order.lineage))")
        }
        #expect(verification.matches && verification.others.count == 1 && verification.participants.count == 5)
        let members = try harness.store.lineageMembers(of: ScriptedAgent.cohort)
        #expect(agents.map { members[$0.id] } == [0, 1, 0, 1, 0])
        #expect(try harness.store.newest(of: ScriptedAgent.cohort)?.number == 2)
        #expect(try harness.store.lineages(of: ScriptedAgent.cohort).map(\.number) == [3])
        #expect(try harness.store.models(limit: 9).map(\.lineage).sorted() == [0, 0, 1])
        #expect(try harness.store.firstBrokenAuditRow() == nil)
    }

    @Test(
        """
        then agents choose: each update counts for the lineage it was trained from, over a restart; one that too few have \
        chosen stays as it is, and an agent that changes is ordered the other one
        """)
    func chosen() async throws {
        let first = try await split()
        _ = try #require(try await order(of: agents[1], above: 0))
        try await harness.restart()
        harness.clock.advance(milliseconds: 2000)
        try reportAll()
        let second = try #require(try await harness.offer(.training, after: first.round))
        #expect(second.bases.map(\.version.number) == [2, 3])
        // The fourth agent finds that the first lineage explains it better.
        try train(second, bases: [0, 1, 0, 0, 0], sequence: 3)
        let changed = try #require(try await order(of: agents[3], above: 2))
        let verification = try await harness.coordinator.verify(round: second.round)
        try await harness.restart()
        let again = try await order(of: agents[3], above: 2)
        let report = try #require(try harness.store.rounds(limit: 1).first)
        await harness.stop()

        #expect(changed.lineage == 0 && changed.model.version.number == 4 && again == changed)
        #expect(verification.matches && verification.others.isEmpty)
        // One agent is too few: the second lineage stays at version 3, and its agent with it.
        #expect(try harness.store.lineages(of: ScriptedAgent.cohort).map(\.number) == [3])
        #expect(try harness.store.lineageMembers(of: ScriptedAgent.cohort)[agents[1].id] == 1)
        #expect(report.accepted.count == 5 && report.version?.number == 4 && report.lineages?.count == 1)
    }

    @Test("an update from a version that was not offered is refused")
    func stale() async throws {
        let first = try await split()
        _ = try #require(try await order(of: agents[1], above: 0))
        harness.clock.advance(milliseconds: 2000)
        try reportAll()
        var second = try #require(try await harness.offer(.training, after: first.round))
        second.base = first.base
        let base = try #require(try harness.model(first.base?.version))
        try agents[0].training(for: second, base: base, sequence: 3) { $0.parameters[0] += 0.01 }
        #expect(
            await eventually { agents[0].acknowledgement?.receipts.last?.reason.hasPrefix("stale-base") == true })
        await harness.stop()
    }
}
