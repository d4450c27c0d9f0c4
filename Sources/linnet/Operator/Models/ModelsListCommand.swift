// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LinnetDomain
import LinnetFleet

/// `linnet models list`: the newest model versions, and where they come from.
struct ModelsListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the newest model versions: parent, participants, loss, release.")

    @OptionGroup var options: APIOptions

    @Option(help: "Most versions to show.")
    var limit = 20

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit is \(limit); it must be 1 to 1000") }
    }

    func run() throws {
        let api = try options.coordinator()
        let query = [("limit", String?("\(limit)"))]
        if options.json { return Report.show(json: try api.data("/api/v1/models", query)) }
        let page = try api.report(ModelsPage.self, "/api/v1/models", query)
        Report.show(Self.lines(page.models, now: .now(), on: .standardOutput()))
    }

    static func lines(_ models: [ModelReport], now: Timestamp, on terminal: Terminal) -> [String] {
        guard !models.isEmpty else { return ["No model has been made yet."] }
        var table = Table(
            "COHORT", .right("VERSION"), "SHA-256", .right("PARENT"), .right("ROUND"), .right("FROM"),
            .right("PARAMETERS"), .right("SIZE"), .right("LOSS"), .right("EVALUATED"), .right("RELEASE"), "MADE", "ALSO"
        )
        let split = Set(models.filter { $0.lineage > 0 }.map(\.cohort))
        for model in models {
            let loss = model.lossAfter.map { after in
                model.lossBefore.map { "\(HumanText.number($0)) → \(HumanText.number(after))" }
                    ?? HumanText.number(after)
            }
            table.add(
                .init(model.cohort.rawValue), .init("\(model.version.number)"), .init(model.version.digest.short),
                .init(model.parent.map { "\($0.number)" } ?? "–"), .init("\(model.round)"),
                .init(model.origin ?? HumanText.plural(model.participants.count, "agent")),
                .init(HumanText.count(model.parameters)),
                .init(HumanText.bytes(model.bytes)), .init(loss ?? "–"),
                .init(model.evaluation.map { "\(HumanText.number($0.loss)) by \($0.agents)" } ?? "–"),
                .init(model.release.map { "\($0)" } ?? "–"),
                .init(HumanText.ago(model.createdAt, now: now)),
                .init(
                    (model.aliases + (split.contains(model.cohort) ? ["lineage \(model.lineage)"] : [])
                        + (model.quarantine == nil ? [] : ["in quarantine"])).joined(separator: ", "),
                    model.quarantine == nil ? .note : .bad))
        }
        return table.lines(on: terminal)
    }
}
