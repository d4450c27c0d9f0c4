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

/// Walks a coordinator's death over every commit of its rounds, with a real file.
@Suite("A coordinator that is killed at any commit")
struct CrashWalkTests {
    /// The default, a strategy with a memory of its own, and a cohort that parts into two lineages.
    enum Fleet: String, CaseIterable {
        case robust, fedadam, lineages

        var strategy: StrategyDescription { StrategyDescription(self == .fedadam ? .fedadam : .robust) }
        var agents: Int { self == .lineages ? 4 : 3 }
        /// What a statistics round and two training rounds come to.
        var versions: Int { self == .lineages ? 5 : 3 }
    }

    @Test(
        "L-6 makes the same versions, bit for bit, as one that lives on", arguments: Fleet.allCases,
        [Reaper.Moment.before, .after])
    func walk(fleet: Fleet, moment: Reaper.Moment) async throws {
        let (expected, wasKilled) = try await versions(fleet, killedAt: 0, moment)
        #expect(!wasKilled && expected.count == fleet.versions)

        var deaths = 0
        for commit in 1...100 {
            let (versions, wasKilled) = try await versions(fleet, killedAt: commit, moment)
            #expect(versions == expected, "killed \(moment) commit \(commit)")
            guard wasKilled else { break }
            deaths = commit
        }
        // Three rounds with three agents have at least this many commits: three to open, nine updates, three to close,
        // three to end.
        #expect((18..<100).contains(deaths), "\(deaths) deaths")
    }

    /// Runs rounds until there are as many versions as three of them make, over one death of the coordinator.
    private func versions(
        _ fleet: Fleet, killedAt commit: Int, _ moment: Reaper.Moment
    ) async throws -> (versions: [ModelVersion], wasKilled: Bool) {
        let folder = try TemporaryDirectory()
        let keys = try TemporaryDirectory()
        let (bus, clock, key) = (InMemoryBus(), ManualClock(), SigningKey())
        let policy = RoundPolicy(
            everyMilliseconds: 1000, deadlineMilliseconds: 3_600_000, quorum: fleet.agents, quorumShare: 0.1,
            minimumWindows: 50, freshMilliseconds: 3_600_000, clusters: fleet == .lineages ? 2 : 1)
        let settings = FleetSettings(rounds: policy, model: .dense([3]), strategy: fleet.strategy, chunkBytes: 4096)
        let agents = try (1...fleet.agents).map { try ScriptedAgent("agent-\($0)", on: bus, clock: clock) }
        for agent in agents { try agent.trust(in: keys) }
        func life(_ reaper: Reaper) throws -> MortalCoordinator {
            try MortalCoordinator(
                path: folder.path("coordinator.sqlite"), settings: settings, bus: bus, key: key, keys: keys,
                clock: clock, reaper: reaper)
        }

        let reaper = Reaper(at: commit, moment)
        var current = try life(reaper)
        var answered: Set<Int> = []
        var reported = 0
        _ = try await eventually {
            if current.reaper.isDead {
                try await current.end()
                current = try life(Reaper(at: 0, .before))
                answered = []
                reported = 0
            }
            // Said again now and then, as agents do: the coordinator may not have listened yet.
            if reported % 20 == 0 { for agent in agents { try agent.report() } }
            reported += 1
            if try current.store.lastNumber(of: ScriptedAgent.cohort) >= fleet.versions { return true }
            guard let offer = openOffer(on: bus, by: key), reported > 2 else {
                clock.advance(milliseconds: 50)
                return false
            }
            if answered.insert(offer.round).inserted || reported % 50 == 0 {
                try answer(offer, agents, store: current.store)
            }
            return false
        }
        let versions = try current.store.models(limit: 10).map(\.version).sorted { $0.number < $1.number }
        try await current.end()
        return (versions, reaper.isDead)
    }

    private func openOffer(on bus: InMemoryBus, by key: SigningKey) -> RoundOffer? {
        guard let message = bus.retained(TopicScheme().text(.round(ScriptedAgent.cohort))),
            let offer = try? SignedEnvelope.open(message.payload, as: RoundOffer.self, by: key.verifyingKey)
        else { return nil }
        return offer.isOpen ? offer : nil
    }

    /// Each agent's answer: the same one, under the same number, however often it is sent.
    private func answer(_ offer: RoundOffer, _ agents: [ScriptedAgent], store: SQLiteFleetStore) throws {
        for (number, agent) in agents.enumerated() {
            guard offer.kind == .training else {
                try agent.statistics(for: offer, sequence: Int64(offer.round))
                continue
            }
            var chosen = offer
            // Every other agent is of another character.
            chosen.base = offer.bases[number % offer.bases.count]
            guard let base = chosen.base, let file = try store.file(of: base.version.digest) else { return }
            try agent.training(
                for: chosen, base: try ModelArtifact(parsing: file), sequence: Int64(offer.round)
            ) { model in
                for index in 0..<model.parameters.count {
                    model.parameters[index] += Float((index + number) % 5 - 2) * 0.01 + Float(number % 2) * 0.1
                }
            }
        }
    }
}
