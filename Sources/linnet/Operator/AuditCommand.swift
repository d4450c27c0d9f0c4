// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LinnetDomain
import LinnetFleet
import LinnetMessaging

/// `linnet audit`: who did what, and why.
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Show the audit log: rounds, releases and refusals, each with its reason.")

    @OptionGroup var options: APIOptions

    @Option(help: "Entries from behind this row on; without it, the newest.")
    var after: Int64?

    @Option(help: "Most entries to show.")
    var limit = 200

    func validate() throws {
        if let after, after < 0 { throw ValidationError("--after is \(after); it must be 0 or more") }
        guard (1...1000).contains(limit) else { throw ValidationError("--limit is \(limit); it must be 1 to 1000") }
    }

    func run() throws {
        let api = try options.coordinator()
        let query = [("after", after.map { "\($0)" }), ("order", after == nil ? "newest" : nil), ("limit", "\(limit)")]
        var page = try api.report(AuditPage.self, "/api/v1/audit", query)
        page.audit.sort { $0.row < $1.row }
        if options.json { return try Report.show(json: Wire.encode(page)) }
        Report.show(Self.lines(page.audit, on: .standardOutput()))
    }

    static func lines(_ entries: [AuditEntry], on terminal: Terminal) -> [String] {
        guard !entries.isEmpty else { return ["No entry."] }
        var table = Table(.right("ROW"), "AT (UTC)", "WHO", "WHAT", "ON WHAT", "WHY")
        for entry in entries {
            table.add(
                .init("\(entry.row)"), .init(HumanText.dateTime(entry.at)), .init(entry.actor), .init(entry.action),
                .init(entry.subject), .init(entry.reason))
        }
        return table.lines(on: terminal)
    }
}
