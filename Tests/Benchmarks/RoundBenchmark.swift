// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Glibc
import LinnetDomain
import LinnetFederation
import LinnetFleet
import LinnetMessaging
import LinnetNN
import LinnetNumerics
import LinnetStore
import Logging

/// Runs rounds of a real coordinator on a real file, and takes the time from the last update to the new version.
struct RoundBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "round",
        abstract: "Milliseconds from a round's last update to its version, committed, synced to disk and announced.")

    @Option(help: "The agents of the cohort, all of which take part.")
    var agents = 100

    @Option(help: "Training rounds; the median counts.")
    var rounds = 10

    @Option(help: "The strategy, as rounds.strategy takes it.")
    var strategy = StrategyDescription.standard.description

    @Flag(help: "Print one JSON object.")
    var json = false

    struct Result: Codable {
        var strategy: String
        var agents: Int
        var parameters: Int
        var rounds: Int
        var medianMilliseconds: Double
        var worstMilliseconds: Double
    }

    func validate() throws {
        guard (3...2000).contains(agents) else { throw ValidationError("--agents must be 3 to 2000") }
        guard (1...1000).contains(rounds) else { throw ValidationError("--rounds must be 1 to 1000") }
        do { _ = try StrategyDescription(parsing: strategy) } catch { throw ValidationError("--strategy: \(error)") }
    }

    func run() async throws {
        BLAS.useOneThread()
        Workers.useAllProcessors()
        let directory = FileManager.default.currentDirectoryPath + "/linnet-benchmark-\(getpid())"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: directory) }  // what is left is seen, and harmless
        let fleet = try BenchmarkFleet(
            directory: directory, agents: agents, strategy: try StrategyDescription(parsing: strategy))
        let coordinator = fleet.coordinator
        let running = Task { try await coordinator.run() }
        try await fleet.makeFirstVersion()
        var milliseconds: [Double] = []
        for _ in 0..<rounds { milliseconds.append(try await fleet.trainingRound() * 1000) }
        running.cancel()
        _ = await running.result
        let result = Result(
            strategy: strategy, agents: agents, parameters: fleet.parameterCount, rounds: rounds,
            medianMilliseconds: BenchmarkCase.median(milliseconds), worstMilliseconds: milliseconds.max() ?? 0)
        guard json else {
            return print(
                "round: \(strategy), \(agents) agents, \(result.parameters) parameters: the version is there "
                    + "\(result.medianMilliseconds) ms after the last update, at worst \(result.worstMilliseconds) ms")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        print(String(decoding: try encoder.encode(result), as: UTF8.self))
    }
}
