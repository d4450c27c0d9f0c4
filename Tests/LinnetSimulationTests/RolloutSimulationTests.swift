// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFleet
import LinnetSimulation
import Testing

/// Two versions of a fleet that has trained, made once for all tests.
private let trained = Task { () throws -> TrainedVersions in
    var simulation = try Simulation(
        settings: SmallFleet.settings(agents: 20, rounds: 15), data: SmallFleet.stations(agents: 20, windows: 200))
    _ = try await simulation.run()
    return try #require(simulation.lastVersions)
}

@Suite("A rollout in a simulated fleet")
struct RolloutSimulationTests {
    /// Ten, a tenth, half, all; each stage asks for nine of ten.
    private static func plan(success: Double = 0.85, errors: Double = 0.15, silent: Double = 0.1) -> RolloutPlan {
        RolloutPlan(
            stages: [StageSize.count(10), .share(0.1), .share(0.5), .all].map {
                RolloutStage(
                    size: $0, soakSeconds: 600, successShare: success, errorShare: errors, silentShare: silent)
            }, shadowWindows: 30, timeoutSeconds: 3600)
    }

    private func run(
        _ kind: CandidateKind, agents: Int, _ settings: RolloutSimulationSettings,
        progress: (RolloutTick) -> Void = { _ in }
    ) async throws -> RolloutSimulationReport {
        let versions = try await trained.value
        var simulation = try RolloutSimulation(
            settings: settings, data: SmallFleet.stations(agents: agents, windows: 60), base: versions.base,
            candidate: kind.applied(to: versions.newest))
        return try simulation.run(progress: progress)
    }

    @Test(
        "with 30 % away and 5 % failing it succeeds once they are back, and the table of states adds up at every tick")
    func succeeds() async throws {
        let settings = RolloutSimulationSettings(
            plan: Self.plan(), seed: 4, offlineShare: 0.3, backWithinHours: 6, failingShare: 0.05)
        var held = 0
        let report = try await run(.good, agents: 1000, settings) { tick in
            let counts = tick.counts
            #expect(counts.total == (tick.stage < 0 ? 0 : 1000), "\(tick)")
            #expect(tick.states.values.reduce(0, +) == counts.total, "\(tick)")
            #expect(tick.states["waiting", default: 0] == counts.waiting, "\(tick)")
            #expect(tick.running <= counts.reached, "nobody runs it who was not told: \(tick)")
            held += tick.waitsFor?.hasPrefix("silence: ") == true ? 1 : 0
        }
        #expect(report.phase == .succeeded && report.stage == 4, "\(report)")
        #expect(report.offline > 250 && report.failing > 30 && held > 0, "\(report)")
        #expect(report.counts.waiting == 0 && report.counts.failed >= report.failing / 2, "\(report)")
        // Everybody has come to the same end, whenever it was there.
        #expect(report.onNew >= 1000 - report.failing - 60 && report.onNew <= 1000 - report.failing, "\(report)")
        #expect(!report.isQuarantined)
    }

    @Test("with agents that stay away it holds, for as long as it is watched")
    func holds() async throws {
        let settings = RolloutSimulationSettings(
            plan: Self.plan(), seed: 5, offlineShare: 0.6, backWithinHours: nil, maximumHours: 12)
        let report = try await run(.good, agents: 60, settings)
        #expect(report.phase == .running && report.reason.hasPrefix("silence: "), "\(report)")
    }

    @Test(
        "a bad version never leaves the first stage, the reason names what stopped it, and all are on the old one",
        arguments: [
            (CandidateKind.alarming, "error ratio"), (.blind, "self-test: "), (.slow, "scoring time ratio"),
            (.notFinite, "not finite"), (.wrongScaler, "scaler"),
        ])
    func bad(kind: CandidateKind, gate: String) async throws {
        let settings = RolloutSimulationSettings(
            plan: Self.plan(errors: 0.3), seed: 6, offlineShare: 0.3, backWithinHours: 6)
        var furthest = -1
        let report = try await run(kind, agents: 100, settings) { furthest = max(furthest, $0.stage) }
        #expect(report.phase == .rolledBack && report.stage == 1 && furthest == 0, "\(report)")
        #expect(report.reason.contains(gate), "\(report.reason)")
        #expect(report.onNew == 0 && report.onOld == 100 && report.isQuarantined, "\(report)")
        #expect(report.counts.total == 100 && report.counts.reached == 10, "\(report)")
    }

    @Test("a soft plan switches in its window, and at last when its time is up")
    func soft() async throws {
        var plan = Self.plan()
        // Begun at midnight: the first stage waits for the window, the next ones for the end of their time.
        plan.switchRule = SwitchRule(
            windows: [MaintenanceWindow(fromMinute: 60, toMinute: 61)], withinSeconds: 2 * 3600)
        var ready = 0
        let report = try await run(.good, agents: 40, RolloutSimulationSettings(plan: plan, seed: 11)) {
            ready = max(ready, $0.states["ready", default: 0])
        }
        #expect(report.phase == .succeeded && report.counts.silent == 0, "\(report)")
        #expect(ready > 0 && report.virtualSeconds > 2 * 3600, "\(report)")
    }

    @Test("does the same twice, event by event, also on a network that loses and repeats messages")
    func repeats() async throws {
        let settings = RolloutSimulationSettings(
            plan: Self.plan(), seed: 8, offlineShare: 0.1, backWithinHours: 2, failingShare: 0.05, faults: .storm)
        let first = try await run(.good, agents: 60, settings)
        let second = try await run(.good, agents: 60, settings)
        #expect(first == second && first.phase == .succeeded, "\(first)")
        var other = settings
        other.seed = 9
        let third = try await run(.good, agents: 60, other)
        #expect(third.digest != first.digest)
    }
}
