// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFleet
import LinnetMessaging
import LinnetNN
import LinnetNumerics
import LinnetStore
import LinnetTestKit
import Testing

@Suite("A rollout by the coordinator, on a real SQLite file")
struct RolloutLoopTests {
    private let plan = RolloutPlan(
        stages: [
            RolloutStage(size: .count(1), soakSeconds: 10, successShare: 1, errorShare: 0, silentShare: 0),
            RolloutStage(size: .all, soakSeconds: 10, successShare: 1, errorShare: 0, silentShare: 0),
        ], shadowWindows: 7, timeoutSeconds: 600)

    /// A fleet of three whose cohort has released version 2, and then made version 3 that is not released.
    private func fleet(_ policy: ReleasePolicy = .manual) async throws -> (CoordinatorHarness, [ScriptedAgent]) {
        let harness = try CoordinatorHarness(quorum: 3)
        let agents = try (1...3).map { number in
            let agent = try ScriptedAgent("agent-\(number)", on: harness.bus, clock: harness.clock)
            try agent.trust(in: harness.keys)
            return agent
        }
        await harness.start()
        for agent in agents { try agent.report() }
        let statistics = try #require(try await harness.offer(.statistics))
        for agent in agents { try agent.statistics(for: statistics, sequence: 1) }
        try await train(harness, agents, after: statistics.round, sequence: 2)
        _ = try #require(try await harness.manifest(above: 0))
        try await harness.restart(release: policy, plan: plan)
        for agent in agents { try agent.report() }
        #expect(try await eventually { try await harness.coordinator.report().agentsOnline == 3 })
        harness.clock.advance(milliseconds: 2000)
        try await train(harness, agents, after: statistics.round + 1, sequence: 3)
        #expect(try await eventually { try harness.store.newest(of: ScriptedAgent.cohort)?.number == 3 })
        return (harness, agents)
    }

    private func train(
        _ harness: CoordinatorHarness, _ agents: [ScriptedAgent], after round: Int, sequence: Int64
    ) async throws {
        let offer = try #require(try await harness.offer(.training, after: round))
        let base = try #require(try harness.model(offer.base?.version))
        for agent in agents {
            try agent.training(for: offer, base: base, sequence: sequence) { $0.parameters[0] += 0.1 }
        }
    }

    /// The order that stands for an agent.
    private func order(_ agent: ScriptedAgent, _ harness: CoordinatorHarness) throws -> DesiredVersion? {
        guard let message = harness.bus.retained(agent.topics.text(.desired(agent.id))), !message.payload.isEmpty else {
            return nil
        }
        return try SignedEnvelope.open(message.payload, as: DesiredVersion.self, by: harness.key.verifyingKey)
    }

    private func ordered(_ agents: [ScriptedAgent], _ harness: CoordinatorHarness) throws -> [ScriptedAgent] {
        try agents.filter { try order($0, harness) != nil }
    }

    private func phase(_ number: Int, _ harness: CoordinatorHarness) async throws -> RolloutPhase {
        try await harness.coordinator.status(of: number).rollout.phase
    }

    private func isSoaking(_ harness: CoordinatorHarness) async throws -> Bool {
        try await eventually {
            try await harness.coordinator.status(of: 1).rollout.waitsFor?.hasPrefix("soaking") == true
        }
    }

    @Test("one agent is told, then all, then the version is the cohort's; a kill at any point changes nothing")
    func success() async throws {
        let (harness, agents) = try await fleet()
        var plan = plan
        plan.switchRule = SwitchRule(whenIdle: true, withinSeconds: 3600)
        let draft = try await harness.coordinator.plan(RolloutRequest(version: "3", plan: plan), by: "ann")
        #expect(draft.rollout.number == 1 && draft.rollout.phase == .draft)
        #expect(try ordered(agents, harness).isEmpty)
        try await harness.restart()
        for agent in agents { try agent.report() }
        #expect(try await eventually { try await harness.coordinator.report().agentsOnline == 3 })
        _ = try await harness.coordinator.ask(.start, of: 1, by: "ann", why: "trained on the new press")
        #expect(try await eventually { try ordered(agents, harness).count == 1 })
        let first = try #require(try ordered(agents, harness).first)
        let order = try #require(try order(first, harness))
        #expect(order.manifest.release == 2 && order.manifest.model.version.number == 3)
        #expect(order.manifest.shadowWindows == 7 && order.agent == first.id)
        let told = order.manifest.releasedAt
        #expect(
            order.manifest.switchWhen
                == SwitchCondition(whenIdle: true, deadline: told.adding(milliseconds: 3_600_000)))
        #expect(try await harness.manifest(above: 0)?.release == 1, "the others stay where they are")

        try await harness.restart()
        #expect(try ordered(agents, harness).map(\.id) == [first.id])
        try first.confirm(order.manifest, RolloutEvidence.good)
        #expect(try await isSoaking(harness))
        try await harness.restart()
        harness.clock.advance(milliseconds: 11_000)
        #expect(try await eventually { try ordered(agents, harness).count == 3 })
        for agent in agents where agent.id != first.id { try agent.confirm(order.manifest, RolloutEvidence.good) }
        #expect(try await isSoaking(harness))
        harness.clock.advance(milliseconds: 11_000)
        let released = try #require(try await harness.manifest(above: 1))
        #expect(released.model.version.number == 3 && released.switchWhen?.whenIdle == true)
        #expect(
            released.switchWhen?.deadline ?? told > told.adding(milliseconds: 3_600_000),
            "who is told now waits from now on")
        #expect(try await phase(1, harness) == .succeeded)
        #expect(try await eventually { try ordered(agents, harness).isEmpty })
        await harness.stop()

        #expect(try harness.store.firstBrokenAuditRow() == nil)
        let actions = try harness.auditActions().filter { $0.hasPrefix("rollout") || $0.hasPrefix("stage") }
        #expect(
            actions == [
                "rollout planned", "rollout started", "rollout begun", "stage begun", "stage begun",
                "rollout succeeded",
            ])
    }

    @Test(
        "an agent that refuses ends it: the fleet is told to go back by a newer release, and rounds go on from the older version"
    )
    func failure() async throws {
        let (harness, agents) = try await fleet()
        _ = try await harness.coordinator.plan(RolloutRequest(version: "3", plan: plan), by: "ann")
        _ = try await harness.coordinator.ask(.start, of: 1, by: "ann", why: "new")
        #expect(try await eventually { try ordered(agents, harness).count == 1 })
        let first = try #require(try ordered(agents, harness).first)
        let manifest = try #require(try order(first, harness)).manifest
        try first.report(on: manifest, .refused, "shadow: it alarms", ["shadow.windows": 7])

        let back = try #require(try await harness.manifest(above: 2))
        #expect(back.release == 3 && back.model.version.number == 2 && back.reverts == manifest.model.version.digest)
        let status = try await harness.coordinator.status(of: 1)
        #expect(status.rollout.phase == .rolledBack && status.rollout.stage == 0)
        #expect(
            status.rollout.reason
                == "error share: 1 of 1 agents failed, allowed are 0%: \(first.id) refused: shadow: it alarms")
        #expect(try await eventually { try ordered(agents, harness).isEmpty })
        await #expect(throws: RolloutRequestError.self) {
            _ = try await harness.coordinator.plan(RolloutRequest(version: "3", plan: plan), by: "ann")
            _ = try await harness.coordinator.ask(.start, of: 2, by: "ann", why: "again")
        }

        for agent in agents { try agent.report() }
        harness.clock.advance(milliseconds: 2000)
        let offer = try #require(try await harness.offer(.training, after: 3))
        #expect(offer.base?.version.number == 2)
        let base = try #require(try harness.model(offer.base?.version))
        for agent in agents { try agent.training(for: offer, base: base, sequence: 4) { $0.parameters[0] += 0.1 } }
        #expect(try await eventually { try harness.store.newest(of: ScriptedAgent.cohort)?.number == 4 })
        await harness.stop()
    }

    @Test("a person takes a version back that had already become the cohort's")
    func manualRollback() async throws {
        let (harness, agents) = try await fleet()
        var whole = plan
        whole.stages = [RolloutStage(size: .all, soakSeconds: 0, successShare: 1, errorShare: 0, silentShare: 0)]
        _ = try await harness.coordinator.plan(RolloutRequest(version: "3", plan: whole), by: "ann")
        _ = try await harness.coordinator.ask(.start, of: 1, by: "ann", why: "new")
        #expect(try await eventually { try ordered(agents, harness).count == 3 })
        let manifest = try #require(try order(agents[0], harness)).manifest
        for agent in agents { try agent.confirm(manifest, RolloutEvidence.good) }
        #expect(try await harness.manifest(above: 1) != nil)

        _ = try await harness.coordinator.ask(.rollback, of: 1, by: "ann", why: "operators complain")
        let back = try #require(try await harness.manifest(above: 2))
        #expect(back.model.version.number == 2 && back.reverts == manifest.model.version.digest)
        await #expect(throws: RolloutRequestError.self) {
            _ = try await harness.coordinator.ask(.rollback, of: 1, by: "ann", why: "twice")
        }
        await harness.stop()
    }

    @Test("a person takes a version back to an older one than the release before, and only to one that may be released")
    func rollbackToOlder() async throws {
        let (harness, agents) = try await fleet()
        let coordinator = harness.coordinator
        // Version 3 becomes the cohort's, then 4, which somebody brought in.
        var file = try ModelArtifact(parsing: try await coordinator.file(of: "3", cohort: nil))
        file.parameters[0] += 0.5
        let brought = try await coordinator.bring(file.encoded(), to: nil, by: "ann")
        #expect(brought.number == 4)
        var whole = plan
        whole.stages = [RolloutStage(size: .all, soakSeconds: 0, successShare: 1, errorShare: 0, silentShare: 0)]
        for number in 3...4 {
            let rollout = number - 2
            _ = try await coordinator.plan(RolloutRequest(version: "\(number)", plan: whole), by: "ann")
            _ = try await coordinator.ask(.start, of: rollout, by: "ann", why: "new")
            let isOrdered = try await eventually {
                try ordered(agents, harness).count == 3
                    && order(agents[0], harness)?.manifest.model.version.number == number
            }
            try #require(isOrdered)
            let manifest = try #require(try order(agents[0], harness)).manifest
            for agent in agents { try agent.confirm(manifest, RolloutEvidence.good) }
            #expect(try await eventually { try await phase(rollout, harness) == .succeeded })
        }
        func refusal(_ number: Int, _ command: RolloutCommand = .rollback, to: String) async -> String {
            do {
                _ = try await coordinator.ask(command, of: number, to: to, by: "ann", why: "so")
                return "taken"
            } catch { return "\(error)" }
        }
        #expect(await refusal(2, to: "1").contains("untrained"))
        #expect(await refusal(2, to: "4").contains("is not older than"))
        #expect(await refusal(2, .pause, to: "2").hasPrefix("\"to\" is for a rollback"))
        #expect(await refusal(2, to: "9").contains("means 0 versions"))

        let release = try #require(try await harness.manifest(above: 0)).release
        let status = try await coordinator.ask(.rollback, of: 2, to: "2", by: "ann", why: "since spring")
        #expect(status.rollout.phase == .rolledBack && status.rollout.reason?.contains("back to version 2") == true)
        let back = try #require(try await harness.manifest(above: release))
        #expect(back.model.version.number == 2 && back.reverts == brought.digest)
        #expect(try harness.store.provenance(of: brought.digest)?.quarantine != nil)
        let audit = try harness.store.audit(after: 0, limit: 1000)
        #expect(
            audit.contains {
                $0.action == "rollout rolled back" && $0.reason.hasPrefix("since spring; back to version 2")
            })
        #expect(await refusal(2, to: "2") != "taken", "only once")
        await harness.stop()
    }

    @Test("a model of other signals is not taken in, and the refusal names both; unless somebody says that it may be")
    func otherSignals() async throws {
        let (harness, _) = try await fleet()
        let coordinator = harness.coordinator
        var artifact = try ModelArtifact(parsing: try await coordinator.file(of: "3", cohort: nil))
        artifact.parameters[0] += 0.5
        let own = ScriptedAgent.contract
        func bring(_ contract: SignalContract?, allowed: Bool = false) async -> String {
            artifact.provenance = ["trainedBy": "linnet train"]
            artifact.provenance[SignalContract.provenanceKey] = contract?.provenanceText
            artifact.parameters[0] += 0.1
            do {
                let version = try await coordinator.bring(
                    artifact.encoded(), to: nil, allowingOtherSignals: allowed, by: "ann")
                return "version \(version.number)"
            } catch { return "\(error)" }
        }
        var other = own
        other.channels[0].name = "somethingElse"
        var fast = own
        fast.intervalMilliseconds *= 10
        let refused = await bring(other)
        #expect(refused.contains("\(other)") && refused.contains("\(own)"), "\(refused)")
        #expect(await bring(fast).contains("every \(fast.intervalMilliseconds) ms"))
        #expect(await bring(other, allowed: true) == "version 4")
        #expect(await bring(own) == "version 5")
        #expect(await bring(nil) == "version 6", "a file of another hand need not say anything")
        artifact.provenance = ["cohort": "c-0123456789abcdef"]
        let foreign = artifact.encoded()
        await #expect(throws: RolloutRequestError.self) { _ = try await coordinator.bring(foreign, to: nil, by: "ann") }
        await harness.stop()
    }

    @Test("by policy a version that a round has made starts a rollout by itself, once")
    func automatic() async throws {
        let (harness, agents) = try await fleet(.automaticToStage1)
        #expect(try await eventually { try ordered(agents, harness).count == 1 })
        let first = try #require(try ordered(agents, harness).first)
        let manifest = try #require(try order(first, harness)).manifest
        #expect(manifest.model.version.number == 3)
        try first.confirm(manifest, RolloutEvidence.good)
        #expect(try await isSoaking(harness))
        harness.clock.advance(milliseconds: 11_000)
        #expect(try await eventually { try await phase(1, harness) == .paused })
        _ = try await harness.coordinator.ask(.resume, of: 1, by: "ann", why: "looks well")
        #expect(try await eventually { try ordered(agents, harness).count == 3 })
        #expect(try harness.store.rollouts(limit: 10).count == 1)
        await harness.stop()
    }

    @Test("what is said ends a week later, and is said again long before, under the same number")
    func renewed() async throws {
        let (harness, agents) = try await fleet()
        _ = try await harness.coordinator.plan(RolloutRequest(version: "3", plan: plan), by: "ann")
        _ = try await harness.coordinator.ask(.start, of: 1, by: "ann", why: "new")
        #expect(try await eventually { try ordered(agents, harness).count == 1 })
        let first = try #require(try ordered(agents, harness).first)
        let week: Int64 = 7 * 86_400_000
        let order = try #require(try order(first, harness))
        #expect(order.manifest.expiresAt == order.manifest.releasedAt.adding(milliseconds: week))
        let release = try #require(try await harness.manifest(above: 0))

        harness.clock.advance(milliseconds: week / 2)
        let isRenewed = try await eventually {
            let again = try await harness.manifest(above: 0)
            let order = try self.order(first, harness)
            return again?.expiresAt ?? release.releasedAt > harness.clock.now.adding(milliseconds: week - 1000)
                && order?.manifest.expiresAt ?? release.releasedAt > harness.clock.now.adding(milliseconds: week - 1000)
        }
        #expect(isRenewed)
        let again = try #require(try await harness.manifest(above: 0))
        #expect(again.release == release.release && again.releasedAt == release.releasedAt)
        await harness.stop()
    }

    @Test("what can not be asked for is refused with what is allowed")
    func refusals() async throws {
        let (harness, _) = try await fleet()
        let coordinator = harness.coordinator
        func message(_ body: () async throws -> Void) async -> String {
            do {
                try await body()
                return "taken"
            } catch { return "\(error)" }
        }
        #expect(
            await message { _ = try await coordinator.plan(RolloutRequest(version: "1"), by: "ann") }
                .hasSuffix("holds untrained weights; roll out one that a training round made"))
        #expect(
            await message { _ = try await coordinator.plan(RolloutRequest(version: "9"), by: "ann") }
                .hasPrefix("\"9\" means 0 versions of cohort c-"))
        #expect(
            await message { _ = try await coordinator.ask(.pause, of: 7, by: "ann", why: "so") }
                == "there is no rollout 7")
        _ = try await coordinator.plan(RolloutRequest(version: "3"), by: "ann")
        #expect(
            await message { _ = try await coordinator.ask(.pause, of: 1, by: "ann", why: "so") }
                == "a rollout that is draft has nothing to pause")
        #expect(
            await message { _ = try await coordinator.ask(.start, of: 1, by: "ann", why: "") }
                == "the reason has 0 bytes; it has 1 to 400")
        try await coordinator.name("champion", cohort: nil, version: "2", by: "ann")
        #expect(try harness.store.versions(of: ScriptedAgent.cohort, named: "champion").map(\.version.number) == [2])
        #expect(await message { try await coordinator.name("cafe", cohort: nil, version: "2", by: "ann") } != "taken")
        await harness.stop()
    }
}

/// Measurements of a version that behaves like the one before.
enum RolloutEvidence {
    static let good: [String: Double] = [
        "shadow.windows": 10, "shadow.candidateAnomalous": 0, "shadow.activeAnomalous": 0,
        "shadow.candidateErrorMedian": 1, "shadow.activeErrorMedian": 1, "shadow.candidateError95": 2,
        "shadow.activeError95": 2, "shadow.candidateMicroseconds": 20, "shadow.activeMicroseconds": 20,
    ]
}
