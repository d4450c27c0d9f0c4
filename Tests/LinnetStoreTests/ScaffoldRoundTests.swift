// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFederation
import LinnetFleet
import LinnetMessaging
import LinnetNN
import LinnetNumerics
import LinnetStore
import LinnetTestKit
import Testing

@Suite("Rounds with control variates")
struct ScaffoldRoundTests {
    private let harness: CoordinatorHarness
    private let agents: [ScriptedAgent]

    init() throws {
        let harness = try CoordinatorHarness(quorum: 3, strategy: StrategyDescription(.scaffold))
        agents = try (1...3).map { number in
            let agent = try ScriptedAgent("agent-\(number)", on: harness.bus, clock: harness.clock)
            try agent.trust(in: harness.keys)
            return agent
        }
        self.harness = harness
    }

    private func firstTraining() async throws -> RoundOffer {
        await harness.start()
        for agent in agents { try agent.report() }
        let statistics = try #require(try await harness.offer(.statistics))
        for agent in agents { try agent.statistics(for: statistics, sequence: 1) }
        return try #require(try await harness.offer(.training))
    }

    /// Each agent's update: weights one step further, and a change of its control variate.
    private func train(_ offer: RoundOffer, sequence: Int64) throws {
        let base = try #require(try harness.model(offer.base?.version))
        for (number, agent) in agents.enumerated() {
            let control = ParameterVector(repeating: 0.1 * Float(number + 1), count: base.parameters.count)
            try agent.training(
                for: offer, base: base, encoding: .delta16, sequence: sequence, control: control
            ) { model in
                for index in 0..<model.parameters.count { model.parameters[index] += 0.01 * Float(number + 1) }
            }
        }
    }

    /// The fleet's control variate, as an agent gets it that has missed the broadcast.
    private func control(_ offer: RoundOffer) async throws -> ParameterVector {
        let plan = try #require(offer.control)
        let count = try #require(try harness.model(offer.base?.version)).parameters.count
        let request = ChunkRequest(digest: plan.digest, missing: Array(0..<plan.count), of: plan.count)
        var file = Data()
        let agent = agents[0]
        try harness.bus.deliver(Message(topic: agent.topics.text(.get(agent.id)), payload: try Wire.encode(request)))
        _ = await eventually {
            let chunks = (0..<plan.count).map { index in
                harness.bus.published.last { $0.topic == agent.topics.text(.model(plan.digest, index: index)) }?.payload
            }
            guard chunks.allSatisfy({ $0 != nil }) else { return false }
            file = chunks.compactMap { $0 }.reduce(Data(), +)
            return true
        }
        #expect(Digest(of: file) == plan.digest)
        let read = try SafetensorsFile(parsing: file)
        return try ControlVariate(tensors: read.tensors, metadata: read.metadata, count: count).values
    }

    @Test("weights become their mean, and the fleet's control variate goes out with the next offer, over a restart")
    func rounds() async throws {
        let first = try await firstTraining()
        #expect(first.settings.controlVariates && first.control == nil)
        try train(first, sequence: 2)
        _ = try #require(try await harness.manifest(above: 0))
        try await harness.restart()
        harness.clock.advance(milliseconds: 2000)
        for agent in agents { try agent.report() }
        let second = try #require(try await harness.offer(.training, after: first.round))
        let fleet = try await control(second)
        try train(second, sequence: 3)
        _ = try #require(try await harness.manifest(above: 1))
        let verification = try await harness.coordinator.verify(round: second.round)
        harness.clock.advance(milliseconds: 2000)
        for agent in agents { try agent.report() }
        let third = try await control(try #require(try await harness.offer(.training, after: second.round)))
        await harness.stop()

        // Three of three agents: c + mean(Δc).
        #expect(fleet.values.allSatisfy { abs($0 - 0.2) < 1e-6 } && third.values.allSatisfy { abs($0 - 0.4) < 1e-6 })
        let (from, to) = (
            try #require(try harness.model(first.base?.version)), try #require(try harness.model(second.base?.version))
        )
        #expect(abs(to.parameters[0] - from.parameters[0] - 0.02) < 1e-4)
        #expect(verification.matches && verification.strategy == "scaffold")
        let kept = try harness.store.updateControl(of: first.round, agent: agents[1].id)
        #expect(kept.map { abs($0[0] - 0.2) < 1e-6 } ?? true)
    }

    @Test("an update without a control variate, or with one of another shape, is refused")
    func refused() async throws {
        let offer = try await firstTraining()
        let base = try #require(try harness.model(offer.base?.version))
        try agents[0].training(for: offer, base: base, encoding: .delta16, sequence: 2) { $0.parameters[0] += 0.01 }
        try agents[1].training(for: offer, base: base, encoding: .delta16, sequence: 2, control: ParameterVector([1])) {
            $0.parameters[0] += 0.01
        }
        let huge = ParameterVector(repeating: 1e30, count: base.parameters.count)
        try agents[2].training(for: offer, base: base, encoding: .delta16, sequence: 2, control: huge) {
            $0.parameters[0] += 0.01
        }
        for (agent, code) in zip(agents, ["malformed", "wrong-shape", "norm-too-large"]) {
            #expect(
                await eventually { agent.acknowledgement?.receipts.last?.reason.hasPrefix(code) == true }, "\(code)")
        }
        await harness.stop()
    }
}
