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

@Suite("Rounds that leave layers to each agent")
struct LocalLayersRoundTests {
    private func fleet(
        _ parts: [String], _ strategy: StrategyDescription = .standard
    ) throws -> (CoordinatorHarness, [ScriptedAgent]) {
        let harness = try CoordinatorHarness(quorum: 3, strategy: strategy) { settings in
            settings.rounds.settings.localLayers = parts
        }
        let agents = try (1...3).map { number in
            let agent = try ScriptedAgent("agent-\(number)", on: harness.bus, clock: harness.clock)
            try agent.trust(in: harness.keys)
            return agent
        }
        return (harness, agents)
    }

    private func begin(_ harness: CoordinatorHarness, _ agents: [ScriptedAgent]) async throws {
        await harness.start()
        for agent in agents { try agent.report() }
        let statistics = try #require(try await harness.offer(.statistics))
        for agent in agents { try agent.statistics(for: statistics, sequence: 1) }
    }

    @Test(
        """
        the version has the base's in their places, whatever updates say of them or a strategy remembers, says so, and is \
        verified
        """,
        arguments: [StrategyDescription(.robust), StrategyDescription(.fedadam)])
    func rounds(strategy: StrategyDescription) async throws {
        let (harness, agents) = try fleet(["last"], strategy)
        try await begin(harness, agents)
        var release = 0
        var last = 0
        for sequence in [2, 3] as [Int64] {
            let offer = try #require(try await harness.offer(.training, after: last))
            #expect(offer.settings.localLayers == ["last"])
            let base = try #require(try harness.model(offer.base?.version))
            for (number, agent) in agents.enumerated() {
                // One that knows nothing of local layers sends all that it has trained.
                try agent.training(for: offer, base: base, sequence: sequence) { model in
                    for index in 0..<model.parameters.count { model.parameters[index] += 0.01 * Float(number + 1) }
                }
            }
            let manifest = try #require(try await harness.manifest(above: release))
            let made = try #require(try harness.model(manifest.model.version))
            let local = Set(try Network(base.architecture).localRanges(of: ["last"]).flatMap(Array.init))
            for index in 0..<base.parameters.count {
                #expect((made.parameters[index] == base.parameters[index]) == local.contains(index), "\(index)")
            }
            #expect(LocalLayers.parts(in: made.provenance) == ["last"])
            let verification = try await harness.coordinator.verify(round: offer.round)
            #expect(verification.matches)
            (release, last) = (manifest.release, offer.round)
            harness.clock.advance(milliseconds: 2000)
            for agent in agents { try agent.report() }
        }
        await harness.stop()
    }

    @Test("a part that the cohort's version does not have opens no round, and the cohort's report says why")
    func unknownPart() async throws {
        let (harness, agents) = try fleet(["layers.9"])
        try await begin(harness, agents)
        var blocker: String?
        _ = try await eventually {
            for agent in agents { try agent.report() }
            blocker = try await harness.coordinator.report().cohorts.first?.blocker
            return blocker?.hasPrefix("rounds.localLayers") == true
        }
        await harness.stop()
        #expect(
            blocker == """
                rounds.localLayers does not fit version 1: architecture: a local layer is "layers.9"; it must be last, \
                encoder, decoder or one of layers.0, layers.1
                """)
    }
}
