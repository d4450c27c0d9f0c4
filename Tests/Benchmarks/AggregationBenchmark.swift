// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Glibc
import LinnetDomain
import LinnetFederation
import LinnetNumerics

/// Combines the updates of many participants by one strategy and prints how long it took.
struct AggregationBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "aggregation", abstract: "Seconds to make one model out of a round's updates.")

    @Option(help: "The updates of a round.")
    var participants = 1000

    @Option(help: "The parameters of the model.")
    var parameters = 10_000

    @Option(help: "The strategy, as rounds.strategy takes it; or mean, for FedAvg without a norm cap.")
    var strategy = StrategyDescription.standard.description

    @Option(help: "How often it is done; the median counts.")
    var repeats = 3

    @Option(help: "The threads that it may use.")
    var threads = 1

    @Flag(help: "Read the updates from a coordinator's database instead of from memory.")
    var stored = false

    @Flag(help: "Print one JSON object.")
    var json = false

    struct Result: Codable {
        var strategy: String
        var participants: Int
        var parameters: Int
        var threads: Int
        var seconds: Double
        /// Whether the updates were read from a database.
        var stored: Bool
        /// Peak memory above what was held before, in MiB; updates in memory were held before, stored ones not.
        var extraMiB: Double
    }

    func validate() throws {
        guard (1...4096).contains(participants) else { throw ValidationError("--participants must be 1 to 4096") }
        guard (1...10_000_000).contains(parameters) else { throw ValidationError("--parameters must be 1 to 10000000") }
        guard (1...100).contains(repeats) else { throw ValidationError("--repeats must be 1 to 100") }
        guard (1...64).contains(threads) else { throw ValidationError("--threads must be 1 to 64") }
        do { _ = try rule() } catch { throw ValidationError("--strategy: \(error)") }
    }

    private func rule() throws -> ServerRule {
        strategy == "mean"
            ? ServerRule(aggregation: FederatedAveraging(maximumWeight: 20_000))
            : try StrategyDescription(parsing: strategy).rule
    }

    func run() throws {
        BLAS.useOneThread()
        Workers.use(threads)
        let rule = try rule()
        guard stored else {
            let updates = ContributedUpdates(try contributions())
            return try measure(rule, parameters: parameters) { updates }
        }
        let directory = FileManager.default.currentDirectoryPath + "/linnet-benchmark-\(getpid())"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: directory) }  // what is left is seen, and harmless
        let round = try StoredRound(in: directory, participants: participants, parameters: parameters)
        // A new reader each time, so that each reads from the database.
        try measure(rule, parameters: round.parameterCount) { try round.updates() }
    }

    private func measure(_ rule: ServerRule, parameters: Int, _ updates: () throws -> any UpdateSource) throws {
        let base = ParameterVector(repeating: 0, count: parameters)
        let before = PeakMemory.restart()
        var seconds: [Double] = []
        for _ in 0..<repeats {
            let start = monotonicSeconds()
            _ = try rule.apply(to: try updates(), onto: base)
            seconds.append(monotonicSeconds() - start)
        }
        let result = Result(
            strategy: strategy, participants: participants, parameters: parameters, threads: threads,
            seconds: BenchmarkCase.median(seconds), stored: stored, extraMiB: PeakMemory.mebibytes - before)
        guard json else {
            return print("aggregation: \(strategy), \(participants) x \(parameters): \(result.seconds) s")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        print(String(decoding: try encoder.encode(result), as: UTF8.self))
    }

    /// Updates that differ: each a stretch of the same noise from another place on.
    private func contributions() throws -> [Contribution] {
        var generator = SeededGenerator(seed: 1)
        let noise = (0..<1_000_003).map { _ in Float(generator.gaussian()) }
        return try (0..<participants).map { number in
            let offset = Int(generator.uniform() * 1_000_000)
            let values = (0..<parameters).map { noise[(offset + $0) % noise.count] }
            return Contribution(
                agent: try AgentID("agent-\(number)"), parameters: ParameterVector(values), windows: 100 + number)
        }
    }
}
