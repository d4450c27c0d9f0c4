// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import LinnetFederation
import LinnetFleet
import LinnetMessaging
import LinnetNN
import LinnetNumerics
import LinnetSimulation

/// `linnet simulate`: a whole fleet in one process, on a virtual clock.
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Run thousands of agents and a coordinator in this process, on a virtual clock.",
        discussion: """
            Agents and coordinator decide as the real ones do, and weights are really trained; time, network and disk are \
            simulated, so an hour between two rounds takes no time, and the same seed gives the same events, bit for bit. \
            Nothing is sent anywhere and nothing is written but --events.

            Each agent watches a pumping station of a few simulated machines. Try out a strategy before you set it in \
            coordinator.yaml, see what a bad network does to rounds, or let a part of the fleet be malicious:

              linnet simulate --agents 1000 --rounds 10 --faults plant
              linnet simulate --strategy median --attack sign-flip:0.3
              linnet simulate --agents 20 --rounds 30 --attack all:0.3

            With --data it compares what recorded machines learn alone, together and in clusters, while one of them has \
            little of its own and when it has much: does federation help your machines?

              linnet simulate --data recordings/

            With --rollout the last version it has trained is rolled out over the one before, good or with a mistake made in \
            it, by the gates and trials of a real rollout: what would your plan have stopped, and where?

              linnet simulate --agents 1000 --rollout good
              linnet simulate --agents 200 --rollout all --plan night-shift.yaml
            """)

    @Option(help: ArgumentHelp("Agents in the fleet, 2 to 100000.", valueName: "number"))
    var agents = 100

    @Option(help: ArgumentHelp("Training rounds to commit.", valueName: "number"))
    var rounds = 10

    @Option(help: "Rules machines, network and chance; the same seed gives the same run.")
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("How updates become one model, as rounds.strategy takes it.", valueName: "name"))
    var strategy = StrategyDescription.standard.description

    @Option(help: "What goes wrong: \(FaultsArgument.allValueStrings.joined(separator: ", ")).")
    var faults = FaultsArgument.calm

    @Option(
        help: ArgumentHelp(
            "Malicious agents and their share, compared with a fleet without: \(AttackArgument.kinds).",
            valueName: "kind:share"))
    var attack: AttackArgument?

    @Option(
        help: ArgumentHelp(
            "Compare what recorded machines learn alone and together: pairs of NAME.train.csv and NAME.test.csv.",
            valueName: "dir"))
    var data: String?

    @Option(help: ArgumentHelp("Seconds from row to row of recordings without times.", valueName: "number"))
    var interval: Int?

    @Option(
        help: ArgumentHelp(
            "Models that a clustered federation of recorded machines holds; about half their number if left out.",
            valueName: "number"))
    var clusters: Int?

    @Option(help: ArgumentHelp("Channels of a station; ten a machine.", valueName: "number"))
    var channels = 38

    @Option(help: ArgumentHelp("Widths of the encoder's layers, with commas between them.", valueName: "widths"))
    var hidden = "32,16,8"

    @Option(help: ArgumentHelp("Normal windows that each agent has stored, at least 50.", valueName: "number"))
    var windows = 200

    @Option(help: ArgumentHelp("Passes over them in a round.", valueName: "number"))
    var epochs = 5

    @Option(help: ArgumentHelp("Updates that close a round; 1000 or the whole fleet if left out.", valueName: "number"))
    var goal: Int?

    @Option(help: ArgumentHelp("Cores to train on; the result does not depend on it.", valueName: "number"))
    var threads = ProcessInfo.processInfo.activeProcessorCount

    @Option(help: ArgumentHelp("Write every event to this file, one a line.", valueName: "file"))
    var events: String?

    @OptionGroup(title: "Rollout") var rolledOut: SimulatedRolloutOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        func within(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
            guard range.contains(value) else {
                throw ValidationError("--\(name) is \(value); it must be \(range.lowerBound) to \(range.upperBound)")
            }
        }
        try within("agents", agents, 2...100_000)
        try within("rounds", rounds, 1...10_000)
        try within("channels", channels, 1...1000)
        try within("windows", windows, 50...100_000)
        try within("epochs", epochs, 1...1000)
        try within("threads", threads, 1...256)
        if let clusters { try within("clusters", clusters, 1...1000) }
        if let interval { try within("interval", interval, 1...86_400) }
        if let goal { try within("goal", goal, 1...agents) }
        do {
            guard try !StrategyDescription(parsing: strategy).usesControlVariates else {
                throw ValidationError(
                    "--strategy: simulated agents have no control variates; take another than scaffold")
            }
        } catch let error as StrategyError {
            throw ValidationError("--strategy: \(error)")
        }
        _ = try widths()
        if rolledOut.rollout != nil, attack != nil || data != nil {
            throw ValidationError("--rollout stands by itself: without --attack and --data")
        }
    }

    func run() async throws {
        BLAS.useOneThread()
        let stations = PumpStations(agents: agents, channels: channels, windows: windows, seed: seed)
        let recorded: RecordedFleet? =
            if let data {
                try await RecordedFleet(SimulatedComparison.files(in: data), intervalSeconds: interval)
            } else { nil }
        if let attack {
            let fleet: any FleetData = recorded ?? stations
            try await SimulatedAttacks(plans: attack.plans, json: json).run(
                AttackSuite(settings: try settings(agents: fleet.agentCount), data: fleet, threads: threads))
        } else if let recorded {
            try await compare(recorded)
        } else {
            var log: (@Sendable (String) -> Void)?
            if let events {
                let file = try EventFile(path: events)
                log = { file.write($0) }
            }
            let simulation = try Simulation(
                settings: try settings(agents: agents), data: stations, threads: threads, log: log)
            guard let candidate = rolledOut.rollout else { return try await SimulatedRun(json: json).run(simulation) }
            try await SimulatedRollout(
                kinds: candidate.kinds, settings: try rolledOut.settings(seed: seed, faults: faults.rates), json: json
            ).run(simulation, over: stations, log: log)
        }
    }

    private func compare(_ fleet: RecordedFleet) async throws {
        let settings = ComparisonSettings(
            hidden: try widths(), rounds: rounds, strategy: try StrategyDescription(parsing: strategy),
            clusters: clusters ?? 0, seed: seed)
        try await SimulatedComparison(json: json).run(
            FederationComparison(fleet: fleet, settings: settings, threads: threads))
    }

    private func settings(agents: Int) throws -> SimulationSettings {
        var fleet = SimulationSettings.fleet(agents: agents, client: ClientSettings(epochs: epochs))
        fleet.model = .dense(try widths())
        fleet.strategy = try StrategyDescription(parsing: strategy)
        if let goal { fleet.rounds.goal = goal }
        return SimulationSettings(rounds: rounds, seed: seed, fleet: fleet, faults: faults.rates)
    }

    private func widths() throws -> [Int] {
        let widths = hidden.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        guard (1...30).contains(widths.count), widths.allSatisfy({ (1...4096).contains($0) }) else {
            throw ValidationError("--hidden is \"\(hidden)\"; it must be widths from 1 to 4096, such as 32,16,8")
        }
        return widths
    }
}
