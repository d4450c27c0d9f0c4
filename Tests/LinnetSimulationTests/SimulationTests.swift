// SPDX-License-Identifier: Apache-2.0

import LinnetFederation
import LinnetFleet
import LinnetNN
import LinnetSimulation
import Synchronization
import Testing

/// A small fleet that trains in a fraction of a second.
enum SmallFleet {
    static func settings(
        agents: Int, rounds: Int, seed: UInt64 = 7, faults: FaultRates = .calm
    ) -> SimulationSettings {
        var settings = SimulationSettings(
            rounds: rounds, seed: seed, fleet: SimulationSettings.fleet(agents: agents), faults: faults)
        settings.fleet.model = .dense([6, 3])
        return settings
    }

    static func stations(agents: Int, windows: Int = 80, seed: UInt64 = 7) -> PumpStations {
        PumpStations(agents: agents, channels: 10, windows: windows, judging: 60, seed: seed)
    }
}

@Suite("A simulated fleet")
struct SimulationTests {
    @Test("does the same twice, event by event and bit by bit, on one core and on two")
    func repeats() async throws {
        let settings = SmallFleet.settings(agents: 30, rounds: 3, faults: .storm)
        var first = try Simulation(settings: settings, data: SmallFleet.stations(agents: 30))
        var second = try Simulation(settings: settings, data: SmallFleet.stations(agents: 30), threads: 2)
        let reports = (try await first.run(), try await second.run())
        #expect(reports.0 == reports.1)

        var third = try Simulation(
            settings: SmallFleet.settings(agents: 30, rounds: 3, seed: 8, faults: .storm),
            data: SmallFleet.stations(agents: 30))
        #expect(try await third.run().digest != reports.0.digest)
    }

    @Test("learns from round to round, and finds faults that nobody has shown it")
    func learns() async throws {
        var simulation = try Simulation(
            settings: SmallFleet.settings(agents: 20, rounds: 15), data: SmallFleet.stations(agents: 20, windows: 200))
        let report = try await simulation.run()
        #expect(report.rounds.count == 16)
        #expect(report.rounds.allSatisfy { $0.phase == "committed" && $0.accepted == 20 })
        #expect(report.lastLoss < report.firstLoss / 3)
        #expect(report.f1 > 0.85)
        #expect(report.honestRefused == 0)
    }

    @Test("with a buffer, an update that comes late goes into the next one, and the same twice")
    func buffers() async throws {
        var settings = SmallFleet.settings(agents: 30, rounds: 8)
        settings.fleet.strategy = try StrategyDescription(parsing: "fedbuff:buffer-size=8")
        settings.fleet.rounds.everyMilliseconds = 60_000
        settings.faults.straggler = 0.4
        settings.faults.stragglerFactor = 2000
        var simulation = try Simulation(settings: settings, data: SmallFleet.stations(agents: 30))
        let report = try await simulation.run()

        let training = report.rounds.filter { $0.kind == "training" && $0.phase == "committed" }
        #expect(training.count == 8)
        #expect(training.allSatisfy { $0.accepted == 8 })
        #expect(training[0].late == 0)
        #expect(training.map(\.late).reduce(0, +) > 0)
        #expect(report.lastLoss < report.firstLoss)
        #expect(report.honestRefused == 0)
        var again = try Simulation(settings: settings, data: SmallFleet.stations(agents: 30), threads: 2)
        #expect(try await again.run() == report)
    }

    @Test(
        "counts each update of an honest agent once, whatever is lost, repeated or killed",
        arguments: 1...6 as ClosedRange<UInt64>)
    func survivesStorms(seed: UInt64) async throws {
        let lines = Mutex<[String]>([])
        var settings = SmallFleet.settings(agents: 25, rounds: 4, seed: seed, faults: .storm)
        settings.faults.coordinatorRestart = 0.05
        var simulation = try Simulation(settings: settings, data: SmallFleet.stations(agents: 25, seed: seed)) { line in
            lines.withLock { $0.append(line) }
        }
        let report = try await simulation.run()

        // Liveness: every round that was opened has ended.
        #expect(report.rounds.allSatisfy { $0.phase == "committed" || $0.phase == "abandoned" })
        #expect(report.rounds.map(\.round) == Array(1...report.rounds.count))
        #expect(report.messagesLost > 0 && report.messagesRepeated > 0)
        #expect(report.agentRestarts > 0 && report.coordinatorRestarts > 0)
        // Versions rise by one, and nothing but a committed round makes one.
        let versions = report.rounds.compactMap(\.version)
        #expect(versions == Array(1...max(1, versions.count)))
        #expect(report.rounds.allSatisfy { ($0.version != nil) == ($0.phase == "committed") })
        // An update that is answered twice was answered the same: what was taken is taken once.
        for round in report.rounds {
            let taken = Set(
                lines.withLock { lines in
                    lines.filter { $0.contains("round \(round.round) accepted") }
                        .compactMap { $0.split(separator: " ").dropFirst(4).first.map(String.init) }
                })
            #expect(taken.count == round.accepted)
            #expect(round.accepted <= round.asked)
        }
    }

    @Test("has no version when nobody answers, and says why")
    func nobodyAnswers() async throws {
        var settings = SmallFleet.settings(agents: 5, rounds: 2)
        settings.faults.dropOut = 1
        var simulation = try Simulation(settings: settings, data: SmallFleet.stations(agents: 5))
        await #expect(throws: SimulationError.self) { _ = try await simulation.run() }
    }

    @Test("closes a round by its goal, and leaves stragglers behind")
    func overSelects() async throws {
        var settings = SmallFleet.settings(agents: 40, rounds: 2)
        settings.fleet.rounds.goal = 20
        settings.faults.straggler = 0.3
        var simulation = try Simulation(settings: settings, data: SmallFleet.stations(agents: 40))
        let report = try await simulation.run()
        #expect(report.rounds.allSatisfy { $0.asked == 26 && $0.accepted == 20 && $0.seconds < 10 })
    }
}
