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

@Suite("The coordinator, on a real SQLite file")
struct CoordinatorLoopTests {
    private func agents(_ count: Int, of harness: CoordinatorHarness) throws -> [ScriptedAgent] {
        try (1...count).map { number in
            let agent = try ScriptedAgent("agent-\(number)", on: harness.bus, clock: harness.clock)
            try agent.trust(in: harness.keys)
            return agent
        }
    }

    /// Brings a fleet to its first training round.
    private func firstTraining(_ harness: CoordinatorHarness, _ agents: [ScriptedAgent]) async throws
        -> (RoundOffer, ModelArtifact)
    {
        for agent in agents { try agent.report() }
        let statistics = try #require(try await harness.offer(.statistics))
        for agent in agents { try agent.statistics(for: statistics, sequence: 1) }
        let training = try #require(try await harness.offer(.training))
        return (training, try #require(try harness.model(training.base?.version)))
    }

    @Test("statistics become a scaler, updates their weighted mean, and the mean a released version")
    func wholeLoop() async throws {
        let harness = try CoordinatorHarness(quorum: 3)
        let agents = try agents(3, of: harness)
        await harness.start()

        let (offer, base) = try await firstTraining(harness, agents)
        for (number, agent) in agents.enumerated() {
            try agent.training(for: offer, base: base, sequence: 2, windows: 100 * (number + 1)) { model in
                for index in 0..<model.parameters.count { model.parameters[index] += Float(number + 1) * 0.01 }
            }
        }
        let manifest = try #require(try await harness.manifest(above: 0))
        await harness.stop()

        #expect(offer.base?.version.number == 1)
        #expect(offer.participants.count == 3)
        #expect(manifest.model.version.number == 2 && manifest.participants == 3)
        #expect(manifest.parent == offer.base?.version.digest)
        let model = try #require(try harness.model(manifest.model.version))
        // (1·100 + 2·200 + 3·300) / 600 = 14/6 hundredths.
        #expect(abs(model.parameters[0] - base.parameters[0] - 0.14 / 6) < 1e-6)
        #expect(model.scaler == base.scaler && base.scaler.scale[1] > base.scaler.scale[0])
        #expect(try harness.store.firstBrokenAuditRow() == nil)
        let report = try await harness.coordinator.report()
        #expect(report.roundsCommitted == 1 && report.cohorts.first?.firstLoss == 2)
    }

    @Test(
        "updates in fewer bytes count as whole ones do, the bytes that came in are told, and the round can be verified")
    func fewerBytes() async throws {
        let harness = try CoordinatorHarness(quorum: 4, strategy: StrategyDescription(.fedavg))
        let agents = try agents(4, of: harness)
        await harness.start()
        let (offer, base) = try await firstTraining(harness, agents)
        // Exact in every encoding: a power of two everywhere.
        let move: (inout ModelArtifact) -> Void = { model in
            for index in 0..<model.parameters.count { model.parameters[index] += 0.0625 }
        }
        for (agent, encoding) in zip(agents, [UpdateEncoding.delta16, .delta8, .topK(share: 1), .full]) {
            try agent.training(for: offer, base: base, encoding: encoding, sequence: 2, change: move)
        }
        let manifest = try #require(try await harness.manifest(above: 0))
        await harness.stop()

        let model = try #require(try harness.model(manifest.model.version))
        #expect(manifest.participants == 4)
        for index in 0..<model.parameters.count {
            #expect(abs(model.parameters[index] - base.parameters[index] - 0.0625) < 1e-6)
        }
        let round = try #require(try harness.store.rounds(limit: 5).first { $0.round == offer.round })
        let stored = try harness.store.updates(of: offer.round)
        #expect(round.updateBytes == stored.reduce(0) { $0 + $1.header.plan.bytes })
        #expect(round.updateBytes < stored.reduce(0) { $0 + $1.body.count })
        #expect(try await harness.coordinator.verify(round: offer.round).matches)
    }

    @Test("an update in fewer bytes that is not of its base, or not finite, is refused")
    func fewerBytesRefused() async throws {
        let harness = try CoordinatorHarness(quorum: 4)
        let agents = try agents(4, of: harness)
        await harness.start()
        let (offer, base) = try await firstTraining(harness, agents)
        let count = base.parameters.count
        let metadata = ["format": "linnet-update/1", "encoding": "delta16"]
        func send(_ agent: Int, _ delta: [Float16], _ metadata: [String: String]) throws {
            let tensors = [
                Tensor(name: "delta", list: .float16(delta)),
                Tensor(name: "scales", list: .float32([Float](repeating: 1, count: 4))),
            ]
            try agents[agent].send(
                SafetensorsFile(tensors: tensors, metadata: metadata).encoded(), for: offer, sequence: 2)
        }
        try send(0, [Float16](repeating: 0, count: count - 1), metadata)
        try send(1, [Float16](repeating: .nan, count: count), metadata)
        try send(2, [Float16](repeating: 0, count: count), ["format": "linnet-update/1", "encoding": "delta4"])
        try send(3, [Float16](repeating: 1000, count: count), metadata)

        let refused = { try harness.store.rounds(limit: 5).first { $0.round == offer.round }?.refused ?? [] }
        #expect(try await eventually { try refused().count == 4 })
        await harness.stop()
        #expect(
            try refused().sorted { $0.agent < $1.agent }.map(\.code) == [
                "wrong-shape", "not-finite", "malformed", "norm-too-large",
            ])
    }

    @Test("L-5 a bad update is refused with its own reason, in the audit log, and the round commits without it")
    func hostileAgents() async throws {
        let harness = try CoordinatorHarness(quorum: 6)
        let agents = try agents(6, of: harness)
        await harness.start()
        let (first, base) = try await firstTraining(harness, agents)
        for agent in agents { try agent.training(for: first, base: base, sequence: 2) { _ in } }
        _ = try #require(try await harness.manifest(above: 0))

        // Two good updates are enough for the new coordinator, which knows all six before the next round is due.
        try await harness.restart(quorum: 2)
        for agent in agents { try agent.report() }
        #expect(try await eventually { try await harness.coordinator.report().agentsOnline == 6 })
        harness.clock.advance(milliseconds: 2000)
        let offer = try #require(try await harness.offer(.training, after: first.round))
        let next = try #require(try harness.model(offer.base?.version))
        for agent in agents[0..<2] {
            try agent.training(for: offer, base: next, sequence: 3) { $0.parameters[0] += 0.5 }
        }
        try agents[2].training(for: offer, base: next, sequence: 3) { $0.parameters[1] = .nan }
        try agents[3].training(for: offer, base: next, sequence: 3) { model in
            model.architecture = .denseAutoencoder(inputWidth: 4, hidden: [2], activation: .tanh)
            model.parameters = ParameterVector(repeating: 0.1, count: model.architecture.parameterCount)
        }
        try agents[4].training(for: first, base: base, sequence: 2) { _ in }
        try agents[5].training(for: offer, base: next, sequence: 3, signedBy: SigningKey()) { _ in }
        let hostile = [
            "agent-3": "not-finite", "agent-4": "wrong-shape", "agent-5": "replayed", "agent-6": "bad-signature",
        ]
        let missing = {
            let refusals = try harness.store.audit(after: 0, limit: 1000).filter { $0.action == "update refused" }
            return hostile.filter { agent, reason in
                !refusals.contains { $0.actor == agent && $0.reason.hasPrefix(reason + ":") }
            }
        }
        _ = try await eventually { try missing().isEmpty }
        #expect(try missing() == [:])
        harness.clock.advance(milliseconds: 31_000)
        let manifest = try #require(try await harness.manifest(above: 1))
        await harness.stop()

        #expect(manifest.participants == 2)
        let model = try #require(try harness.model(manifest.model.version))
        #expect(abs(model.parameters[0] - next.parameters[0] - 0.5) < 1e-6)
        #expect(model.parameters.isFinite)
    }

    @Test("an agent that nobody has trusted is refused, and told so")
    func strangers() async throws {
        let harness = try CoordinatorHarness(quorum: 1)
        let stranger = try ScriptedAgent("stranger", on: harness.bus, clock: harness.clock)
        await harness.start()
        try stranger.report()

        let offer = try #require(try await harness.offer(.statistics))
        try stranger.statistics(for: offer, sequence: 1)

        #expect(
            await eventually {
                stranger.acknowledgement?.receipts.contains { $0.reason.hasPrefix("unknown-agent") } == true
            })
        await harness.stop()
    }

    @Test("a coordinator that is killed in the middle of a round goes on with the updates it had")
    func restart() async throws {
        let harness = try CoordinatorHarness(quorum: 3)
        let agents = try agents(3, of: harness)
        await harness.start()
        let (offer, base) = try await firstTraining(harness, agents)
        try agents[0].training(for: offer, base: base, sequence: 2) { $0.parameters[0] += 0.3 }
        #expect(try await eventually { try harness.store.acceptedAgents(of: offer.round).count == 1 })

        try await harness.restart()
        for agent in agents { try agent.report() }
        try agents[1].training(for: offer, base: base, sequence: 2) { $0.parameters[0] += 0.3 }
        try agents[2].training(for: offer, base: base, sequence: 2) { $0.parameters[0] += 0.3 }

        let manifest = try #require(try await harness.manifest(above: 0))
        await harness.stop()
        #expect(manifest.participants == 3 && manifest.round == offer.round)
    }

    @Test("a round that too few answer is abandoned at its deadline, with who was missing")
    func abandoned() async throws {
        let harness = try CoordinatorHarness(quorum: 3)
        let agents = try agents(3, of: harness)
        await harness.start()
        let (offer, base) = try await firstTraining(harness, agents)
        try agents[0].training(for: offer, base: base, sequence: 2) { _ in }
        #expect(try await eventually { try harness.store.acceptedAgents(of: offer.round).count == 1 })

        harness.clock.advance(milliseconds: 31_000)

        #expect(try await eventually { try harness.auditActions().contains("round abandoned") })
        let round = try #require(try harness.store.rounds(limit: 10).first { $0.round == offer.round })
        #expect(round.reason == "1 of 3 updates by the deadline, 3 needed; none from agent-2, agent-3")
        await harness.stop()
    }
}
