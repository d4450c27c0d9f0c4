// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LinnetDomain
import LinnetFleet

/// `linnet status`: the fleet at a glance.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show the fleet at a glance: agents, cohorts, models, alarms.")

    @OptionGroup var options: APIOptions

    func run() throws {
        let api = try options.coordinator()
        if options.json { return Report.show(json: try api.data("/api/v1/status")) }
        let report = try api.report(FleetReport.self, "/api/v1/status")
        Report.show(Self.lines(report, on: .standardOutput()))
    }

    static func lines(_ report: FleetReport, on terminal: Terminal) -> [String] {
        let broker =
            report.brokerConnected
            ? terminal.tinted("connected", .good) : terminal.tinted("not connected", .bad)
        var lines = [
            "\(terminal.tinted(report.fleet, .strong))  linnet \(report.software), up since "
                + "\(HumanText.dateTime(report.startedAt)) UTC (\(HumanText.ago(report.startedAt, now: report.at))), "
                + "broker \(broker)",
            "agents   \(report.agentsOnline) of \(report.agents) online, "
                + "\(report.agentsOnVersion) on the newest version of their cohort",
            "rounds   \(HumanText.count(report.roundsCommitted)) committed, "
                + "\(HumanText.count(report.roundsAbandoned)) abandoned, "
                + "\(HumanText.plural(report.updatesRefused, "update")) refused",
            "anomalies  \(HumanText.count(report.eventsStored)) stored, "
                + terminal.tinted("\(report.activeAlarms) firing now", report.activeAlarms > 0 ? .bad : .good),
        ]
        guard !report.cohorts.isEmpty else { return lines + ["", "No agent has reported yet."] }
        var table = Table(
            "COHORT", .right("AGENTS"), .right("ONLINE"), .right("VERSION"), .right("RUN IT"), .right("ROUNDS"),
            .right("LOSS"), "NOW")
        for cohort in report.cohorts {
            table.add(
                .init(cohort.id.rawValue), .init("\(cohort.agents)"), .init("\(cohort.online)"),
                .init(cohort.released.map { "\($0.number)" } ?? "–"), .init("\(cohort.agentsOnVersion)"),
                .init(HumanText.count(cohort.roundsCommitted)), .init(loss(cohort)), .init(now(cohort)))
        }
        lines.append("")
        return lines + table.lines(on: terminal)
    }

    private static func loss(_ cohort: CohortReport) -> String {
        guard let first = cohort.firstLoss, let last = cohort.lastLoss else { return "–" }
        return "\(HumanText.number(first)) → \(HumanText.number(last))"
    }

    private static func now(_ cohort: CohortReport) -> String {
        cohort.openRound.map { "round \($0) is open" } ?? cohort.blocker ?? "waits for the next round"
    }
}
