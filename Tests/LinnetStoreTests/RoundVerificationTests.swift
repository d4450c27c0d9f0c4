// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import LinnetDomain
import LinnetFederation
import LinnetFleet
import LinnetMessaging
import LinnetNN
import LinnetNumerics
import LinnetStore
import LinnetTestKit
import Testing

@Suite("Computing a round once more")
struct RoundVerificationTests {
    private let harness: CoordinatorHarness
    private let agents: [ScriptedAgent]

    /// A coordinator whose strategy remembers something from round to round.
    init() throws {
        let harness = try CoordinatorHarness(quorum: 3, strategy: StrategyDescription(.fedadam))
        agents = try (1...3).map { number in
            let agent = try ScriptedAgent("agent-\(number)", on: harness.bus, clock: harness.clock)
            try agent.trust(in: harness.keys)
            return agent
        }
        self.harness = harness
    }

    /// Has every agent answer a training round, each in its own way, and waits for the release.
    private func train(after round: Int, release: Int, sequence: Int64) async throws -> RoundOffer {
        let offer = try #require(try await harness.offer(.training, after: round))
        let base = try #require(try harness.model(offer.base?.version))
        for (number, agent) in agents.enumerated() {
            try agent.training(for: offer, base: base, sequence: sequence) { model in
                for index in 0..<model.parameters.count { model.parameters[index] += Float(number + 1) * 0.01 }
            }
        }
        _ = try #require(try await harness.manifest(above: release))
        return offer
    }

    /// A statistics round and two training rounds, with a restart between the two.
    private func threeRounds() async throws -> (statistics: Int, training: Int) {
        await harness.start()
        for agent in agents { try agent.report() }
        let statistics = try #require(try await harness.offer(.statistics))
        for agent in agents { try agent.statistics(for: statistics, sequence: 1) }
        let first = try await train(after: statistics.round, release: 0, sequence: 2)
        try await harness.restart()
        for agent in agents { try agent.report() }
        #expect(try await eventually { try await harness.coordinator.report().agentsOnline == 3 })
        harness.clock.advance(milliseconds: 2000)
        return (statistics.round, try await train(after: first.round, release: 1, sequence: 3).round)
    }

    @Test("L-6 a round makes the same bits again, with a strategy whose memory has gone through a restart")
    func again() async throws {
        let rounds = try await threeRounds()
        let verification = try await harness.coordinator.verify(round: rounds.training)
        await harness.stop()

        #expect(verification.matches)
        #expect(verification.strategy == "fedadam" && verification.participants.count == 3)
        let bytes = try #require(try harness.store.serverState(of: verification.version.digest))
        #expect(try ServerState(bytes: [UInt8](bytes)).optimizer.steps == 2)
    }

    @Test("an update that was changed in the database is noticed")
    func tampered() async throws {
        let rounds = try await threeRounds()
        try write(
            """
            UPDATE round_update SET body = (SELECT body FROM round_update WHERE round = ?1 AND agent = 'agent-1')
            WHERE round = ?1 AND agent = 'agent-2'
            """, [rounds.training])
        let verification = try await harness.coordinator.verify(round: rounds.training)
        await harness.stop()

        #expect(!verification.matches && verification.recomputed != verification.version.digest)
    }

    @Test("what can not be computed again is said, each for its own reason")
    func refusals() async throws {
        let rounds = try await threeRounds()
        await #expect(throws: RoundVerificationError.unknownRound(99)) {
            try await harness.coordinator.verify(round: 99)
        }
        await #expect(
            throws: RoundVerificationError.noModel(rounds.statistics, phase: .committed, kind: .statistics)
        ) { try await harness.coordinator.verify(round: rounds.statistics) }
        try write("UPDATE round_update SET body = x'' WHERE round = ?", [rounds.training])
        await #expect(throws: RoundVerificationError.gone(rounds.training, what: "its updates are")) {
            try await harness.coordinator.verify(round: rounds.training)
        }
        await harness.stop()
    }

    /// Changes the coordinator's file behind its back.
    private func write(_ sql: String, _ arguments: StatementArguments) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        let queue = try DatabaseQueue(path: harness.folder.path("coordinator.sqlite"), configuration: configuration)
        try queue.write { try $0.execute(sql: sql, arguments: arguments) }
        try queue.close()
    }
}
