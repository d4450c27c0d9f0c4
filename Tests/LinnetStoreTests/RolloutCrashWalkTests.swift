// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetDomain
import LinnetFleet
import LinnetMessaging
import LinnetStore
import LinnetTestKit
import Testing

/// Walks a coordinator's death over every commit of a rollout, with a real file.
@Suite("A coordinator that is killed at any commit of a rollout")
struct RolloutCrashWalkTests {
    /// How a rollout ends.
    enum Ending: Sendable, CaseIterable {
        /// Everybody confirms the version.
        case success
        /// The agents of the second stage take it back.
        case failure
    }

    /// What a rollout comes to, whoever was killed on the way.
    private struct Outcome: Equatable {
        var phase: RolloutPhase?
        var reason: String?
        var states: [TargetState] = []
        var counts = RolloutCounts()
        /// The cohort's release as it is stored, and as the broker keeps it.
        var released: [Int] = []
        var announced: [Int] = []
        var orders = 0
        var quarantine: String?
        var audit: [String] = []
    }

    @Test(
        "the rollout goes on and ends as one that nobody interrupted, each step once",
        arguments: Ending.allCases, [Reaper.Moment.before, .after])
    func walk(ending: Ending, moment: Reaper.Moment) async throws {
        let template = try Self.template()
        let expected = try await run(ending, template, killedAt: 0, moment)
        #expect(!expected.wasKilled && expected.outcome.phase == (ending == .success ? .succeeded : .rolledBack))
        #expect(expected.outcome.announced == (ending == .success ? [2, 3] : [3, 2]), "\(expected.outcome)")
        #expect(expected.outcome.orders == 0)

        // Each life waits for the clock most of its time, so a few live at once.
        var deaths = 0
        for first in stride(from: 1, to: Self.mostCommits, by: Self.livesAtOnce) {
            try await withThrowingTaskGroup(of: (Int, Outcome, Bool).self) { group in
                for commit in first..<first + Self.livesAtOnce {
                    group.addTask {
                        let (outcome, wasKilled) = try await run(ending, template, killedAt: commit, moment)
                        return (commit, outcome, wasKilled)
                    }
                }
                for try await (commit, outcome, wasKilled) in group {
                    #expect(outcome == expected.outcome, "killed \(moment) commit \(commit)")
                    deaths += wasKilled ? 1 : 0
                }
            }
            guard deaths == first + Self.livesAtOnce - 1 else { break }
        }
        // Planned, started, approved, begun, three agents told twice each, paused, resumed, ended.
        #expect((12..<Self.mostCommits).contains(deaths), "\(deaths) deaths")
    }

    private static let mostCommits = 81
    private static let livesAtOnce = 16

    private static let plan = RolloutPlan(
        stages: [
            RolloutStage(
                size: .count(1), soakSeconds: 5, successShare: 1, errorShare: 0, silentShare: 0,
                isFollowedByPause: true),
            RolloutStage(size: .all, soakSeconds: 5, successShare: 1, errorShare: 0, silentShare: 0),
        ], timeoutSeconds: 86_400, needsApproval: true)

    /// A file in which a cohort runs version 2, and version 3 is made.
    private static func template() throws -> TemporaryDirectory {
        let folder = try TemporaryDirectory()
        let store = try SQLiteFleetStore(path: folder.path("coordinator.sqlite"))
        try store.form(ScriptedAgent.cohort, ScriptedAgent.contract)
        for number in 1...3 { try store.make(number, of: ScriptedAgent.cohort, release: number == 2 ? 1 : nil) }
        try store.close()
        return folder
    }

    // MARK: - One rollout, over one death

    private func run(
        _ ending: Ending, _ template: TemporaryDirectory, killedAt commit: Int, _ moment: Reaper.Moment
    ) async throws -> (outcome: Outcome, wasKilled: Bool) {
        let (folder, keys) = (try TemporaryDirectory(), try TemporaryDirectory())
        let path = folder.path("coordinator.sqlite")
        try FileManager.default.copyItem(atPath: template.path("coordinator.sqlite"), toPath: path)
        let (bus, clock, key) = (InMemoryBus(), ManualClock(), SigningKey())
        // More than there are, so that no round opens beside the rollout.
        let settings = FleetSettings(
            rounds: RoundPolicy(quorum: 1000, freshMilliseconds: 86_400_000), release: .manual, chunkBytes: 4096)
        func life(_ reaper: Reaper) throws -> MortalCoordinator {
            try MortalCoordinator(
                path: path, settings: settings, bus: bus, key: key, keys: keys, clock: clock, reaper: reaper)
        }
        let agents = try (1...3).map { try ScriptedAgent("agent-\($0)", on: bus, clock: clock) }
        let reaper = Reaper(at: commit, moment)
        var current = try life(reaper)
        var outcome = Outcome()
        var turn = 0
        _ = try await eventually(timeout: .seconds(60)) {
            if current.reaper.isDead {
                try await current.end()
                current = try life(Reaper(at: 0, .before))
                turn = 0
            }
            // Said again now and then, as agents do: the coordinator may not have listened yet.
            if turn % 20 == 0 { for agent in agents { try agent.report() } }
            turn += 1
            clock.advance(milliseconds: 1000)
            await direct(current.coordinator)
            if turn % 5 == 0 { try await answer(ending, agents, current.coordinator, bus, by: key) }
            outcome = try await look(current, bus, by: key)
            return outcome.phase?.isOver == true && outcome.orders == 0 && outcome.announced == outcome.released
        }
        try await current.end()
        return (outcome, reaper.isDead)
    }

    /// What people do: look where it stands, and ask for the next thing. What a dying coordinator refuses is asked again.
    private func direct(_ coordinator: FleetCoordinator) async {
        do {
            guard let rollout = try await coordinator.rolloutStatuses(limit: 1).first?.rollout else {
                guard try await coordinator.report().agentsOnline == 3 else { return }
                _ = try await coordinator.plan(RolloutRequest(version: "3", plan: Self.plan), by: "ann")
                return
            }
            // Who is there is told first, so all must be there again before it begins.
            guard try await coordinator.report().agentsOnline == 3 else { return }
            switch rollout.phase {
            case .draft: _ = try await coordinator.ask(.start, of: 1, by: "ann", why: "new")
            case .awaitingApproval: _ = try await coordinator.ask(.approve, of: 1, by: "bob", why: "agreed")
            case .paused: _ = try await coordinator.ask(.resume, of: 1, by: "ann", why: "looks well")
            default: break
            }
        } catch {}  // it died, or the clock was faster: both show in where it stands
    }

    /// What agents say to the order that stands for them, again and again.
    private func answer(
        _ ending: Ending, _ agents: [ScriptedAgent], _ coordinator: FleetCoordinator, _ bus: InMemoryBus,
        by key: SigningKey
    ) async throws {
        guard let status = try? await coordinator.status(of: 1) else { return }  // not planned yet
        for target in status.targets where !target.target.state.isFinal {
            guard let agent = agents.first(where: { $0.id == target.target.agent }),
                let message = bus.retained(agent.topics.text(.desired(agent.id))), !message.payload.isEmpty
            else { continue }
            let order = try SignedEnvelope.open(message.payload, as: DesiredVersion.self, by: key.verifyingKey)
            if ending == .failure, target.target.stage == 1 {
                try agent.report(on: order.manifest, .activated, "", RolloutEvidence.good)
                try agent.report(on: order.manifest, .reverted, "it alarms")
            } else {
                try agent.confirm(order.manifest, RolloutEvidence.good)
            }
        }
    }

    private func look(
        _ life: MortalCoordinator, _ bus: InMemoryBus, by key: SigningKey
    ) async throws -> Outcome {
        var outcome = Outcome()
        guard let rollout = try life.store.rollout(1) else { return outcome }
        let targets = try life.store.targets(of: 1)
        (outcome.phase, outcome.reason) = (rollout.phase, rollout.phase == .rolledBack ? "went back" : rollout.reason)
        // When the first agent goes back the second may, or may not, have answered yet.
        let settled = targets.filter { rollout.phase == .succeeded || $0.stage == 0 }
        outcome.counts = RolloutCounts(settled)
        outcome.states = settled.map(\.state)
        outcome.released = try life.store.releases().flatMap { [$0.release, $0.model.version.number] }
        if let message = bus.retained(TopicScheme().text(.release(ScriptedAgent.cohort))) {
            let manifest = try SignedEnvelope.open(message.payload, as: ReleaseManifest.self, by: key.verifyingKey)
            outcome.announced = [manifest.release, manifest.model.version.number]
        }
        for target in targets {
            let message = bus.retained(TopicScheme().text(.desired(target.agent)))
            outcome.orders += message.map { $0.payload.isEmpty ? 0 : 1 } ?? 0
        }
        outcome.quarantine = try life.store.provenance(of: rollout.version.digest)?.quarantine.map { _ in "yes" }
        outcome.audit = try life.store.audit(after: 0, limit: 1000).map(\.action)
            .filter { $0.hasPrefix("rollout") || $0.hasPrefix("stage") || $0.hasPrefix("version q") }
        return outcome
    }
}
