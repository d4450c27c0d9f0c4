// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LinnetDomain
import LinnetFleet

/// `linnet rounds`: the newest rounds, and why updates were refused.
struct RoundsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rounds", abstract: "Show the newest rounds: who took part, what came of it.",
        subcommands: [VerifyRoundCommand.self])

    @OptionGroup var options: APIOptions

    @Option(help: "Most rounds to show.")
    var limit = 20

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit is \(limit); it must be 1 to 1000") }
    }

    func run() throws {
        let api = try options.coordinator()
        let query = [("limit", String?("\(limit)"))]
        if options.json { return Report.show(json: try api.data("/api/v1/rounds", query)) }
        let page = try api.report(RoundsPage.self, "/api/v1/rounds", query)
        Report.show(Self.lines(page.rounds, now: .now(), on: .standardOutput()))
    }

    static func lines(_ rounds: [RoundReport], now: Timestamp, on terminal: Terminal) -> [String] {
        guard !rounds.isEmpty else { return ["No round has been opened yet."] }
        var table = Table(
            .right("ROUND"), "COHORT", "KIND", "PHASE", .right("BASE"), .right("ACCEPTED"), .right("REFUSED"),
            .right("BYTES"), .right("LOSS"), .right("VERSION"), "OPENED", "REASON")
        for round in rounds {
            table.add(
                .init("\(round.round)"), .init(round.cohort.rawValue), .init(round.kind.rawValue), phase(round.phase),
                .init(round.base.map { "\($0.number)" } ?? "–"),
                .init("\(round.accepted.count) of \(round.participants.count)"),
                .init("\(round.refused.count)", round.refused.isEmpty ? .plain : .warning),
                .init(HumanText.bytes(round.updateBytes)), .init(loss(round)),
                .init(versions(round)), .init(HumanText.ago(round.openedAt, now: now)),
                .init(round.reason ?? ""))
        }
        let refusals = rounds.flatMap { round in
            round.refused.map { "round \(round.round) refused \($0.agent): \($0.code), \($0.reason)" }
        }
        return table.lines(on: terminal) + refusals
    }

    private static func versions(_ round: RoundReport) -> String {
        guard let lineages = round.lineages, !lineages.isEmpty else {
            return round.version.map { "\($0.number)" } ?? "–"
        }
        return lineages.map { "\($0.version.number) (lineage \($0.lineage))" }.joined(separator: ", ")
    }

    private static func phase(_ phase: String) -> Table.Cell {
        switch phase {
        case "committed": .init(phase, .good)
        case "abandoned": .init(phase, .warning)
        default: .init(phase, .note)
        }
    }

    private static func loss(_ round: RoundReport) -> String {
        if let found = round.evaluation {
            return "\(HumanText.number(found.loss)), \(HumanText.number(found.anomalousShare * 100)) % anomalous"
        }
        guard let before = round.lossBefore, let after = round.lossAfter else { return "–" }
        return "\(HumanText.number(before)) → \(HumanText.number(after))"
    }
}
