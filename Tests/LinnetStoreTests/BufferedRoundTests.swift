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

@Suite("Rounds that fill a buffer")
struct BufferedRoundTests {
    private let harness: CoordinatorHarness
    private let agents: [ScriptedAgent]

    /// Three agents, and a buffer for two updates.
    init() throws {
        let harness = try CoordinatorHarness(
            quorum: 3, strategy: try StrategyDescription(parsing: "fedbuff:buffer-size=2"))
        agents = try (1...3).map { number in
            let agent = try ScriptedAgent("agent-\(number)", on: harness.bus, clock: harness.clock)
            try agent.trust(in: harness.keys)
            return agent
        }
        self.harness = harness
    }

    private func send(_ agent: Int, _ offer: RoundOffer, by step: Float, sequence: Int64) throws {
        let base = try #require(try harness.model(offer.base?.version))
        try agents[agent].training(for: offer, base: base, sequence: sequence) { model in
            for index in 0..<model.parameters.count { model.parameters[index] += step }
        }
    }

    /// What an agent was last told of an update.
    private func receipt(_ agent: Int, sequence: Int64) -> UpdateReceipt? {
        agents[agent].acknowledgement?.receipts.last { $0.sequence == sequence }
    }

    @Test("a late update goes into the next buffer, from the version it started from and weighted by its age")
    func late() async throws {
        await harness.start()
        for agent in agents { try agent.report() }
        let statistics = try #require(try await harness.offer(.statistics))
        #expect(!statistics.settings.acceptsLateUpdates)
        for agent in agents { try agent.statistics(for: statistics, sequence: 1) }

        // The first buffer is full with two; the third agent is late, and between two buffers nobody answers it.
        let first = try #require(try await harness.offer(.training))
        #expect(first.settings.acceptsLateUpdates && first.participants.count == 3)
        for agent in 0..<2 { try send(agent, first, by: 0.02, sequence: 2) }
        let second = try #require(try await harness.manifest(above: 0))
        try send(2, first, by: 0.08, sequence: 2)
        try agents[2].report(echo: "heard")
        #expect(await eventually { agents[2].acknowledgement?.echo == "heard" })
        #expect(receipt(2, sequence: 2) == nil)

        // It sends again once the next buffer is open: taken, and its place there is taken with it.
        harness.clock.advance(milliseconds: 2000)
        for agent in agents { try agent.report() }
        let next = try #require(try await harness.offer(.training, after: first.round))
        try send(2, first, by: 0.08, sequence: 2)
        #expect(await eventually { receipt(2, sequence: 2)?.accepted == true })
        #expect(receipt(2, sequence: 2)?.round == first.round)
        try send(2, next, by: 0.5, sequence: 3)
        #expect(await eventually { receipt(2, sequence: 3)?.reason.hasPrefix("duplicate") == true })
        try send(2, first, by: 0.08, sequence: 2)
        #expect(await eventually { receipt(2, sequence: 2)?.accepted == true })
        try send(0, next, by: 0.01, sequence: 3)
        let third = try #require(try await harness.manifest(above: second.release))
        let verification = try await harness.coordinator.verify(round: next.round)
        let report = try #require(try harness.store.rounds(limit: 1).first)
        await harness.stop()

        let from = try #require(try harness.model(second.model.version)).parameters
        let to = try #require(try harness.model(third.model.version)).parameters
        let expected = (0.08 / 2.0.squareRoot() + 0.01) / 2
        #expect((0..<from.count).allSatisfy { abs(Double(to[$0] - from[$0]) - expected) < 1e-6 })
        #expect(verification.matches && verification.participants.map(\.rawValue) == ["agent-1", "agent-3"])
        #expect(Set(report.accepted.map(\.rawValue)) == ["agent-1", "agent-3"])
        let taken = try harness.store.audit(after: 0, limit: 1000).last {
            $0.actor == "agent-3" && $0.action == "update accepted"
        }
        #expect(taken?.subject == "round \(next.round)")
        #expect(taken?.reason == "100 windows, late: for round \(first.round)")
    }

    @Test("another strategy refuses a late update, and says that its round is over")
    func refused() async throws {
        let harness = try CoordinatorHarness(quorum: 2)
        let agents = try (1...2).map { number in
            let agent = try ScriptedAgent("agent-\(number)", on: harness.bus, clock: harness.clock)
            try agent.trust(in: harness.keys)
            return agent
        }
        await harness.start()
        for agent in agents { try agent.report() }
        let statistics = try #require(try await harness.offer(.statistics))
        for agent in agents { try agent.statistics(for: statistics, sequence: 1) }
        let offer = try #require(try await harness.offer(.training))
        let base = try #require(try harness.model(offer.base?.version))
        for agent in agents { try agent.training(for: offer, base: base, sequence: 2) { $0.parameters[0] += 0.01 } }
        _ = try #require(try await harness.manifest(above: 0))
        try agents[0].training(for: offer, base: base, sequence: 3) { $0.parameters[0] += 0.02 }

        #expect(
            await eventually {
                agents[0].acknowledgement?.receipts.contains { $0.reason.hasPrefix("round-closed") } == true
            })
        await harness.stop()
        #expect(!offer.settings.acceptsLateUpdates)
    }
}
