// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetSimulation

/// One simulated fleet: a row for each round while it runs, and what came of it.
struct SimulatedRun {
    let json: Bool

    /// What `--json` prints: the report, and what it cost.
    private struct Result: Encodable {
        let report: SimulationReport
        let cost: Cost

        func encode(to encoder: any Encoder) throws {
            try report.encode(to: encoder)
            try cost.encode(to: encoder)
        }
    }

    private struct Cost: Encodable {
        let wallSeconds: Double
        let clientRoundsPerSecond: Double
        let peakMiB: Double
    }

    func run(_ simulation: Simulation) async throws {
        var simulation = simulation
        let start = ContinuousClock.now
        if !json { Report.show([Self.heading]) }
        let report = try await simulation.run { outcome in
            if json {
                FileHandle.standardError.write(Data("round \(outcome.round) \(outcome.phase)\n".utf8))
            } else {
                Report.show([Self.line(outcome)])
            }
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let cost = Cost(
            wallSeconds: seconds, clientRoundsPerSecond: Double(report.trainings) / max(seconds, 1e-9),
            peakMiB: Self.peakMiB())
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            Report.show(json: try encoder.encode(Result(report: report, cost: cost)))
        } else {
            Report.show(Self.conclusion(report, cost))
        }
        guard report.rounds.contains(where: { $0.kind == "training" && $0.phase == "committed" }) else {
            throw CommandFailure.failed("no training round was committed")
        }
    }

    private static let heading =
        "ROUND  KIND        PHASE       ASKED  ACCEPTED  REFUSED  TIME      BYTES       LOSS"

    private static func line(_ outcome: RoundOutcome) -> String {
        func left(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.count))
        }
        func right(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        let refused = outcome.refused.values.reduce(0, +)
        let reasons = outcome.refused.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let note = outcome.reason.map { "  " + $0 } ?? (reasons.isEmpty ? "" : "  " + reasons.joined(separator: ", "))
        return [
            right("\(outcome.round)", 5), left(outcome.kind, 10), left(outcome.phase, 10), right("\(outcome.asked)", 5),
            right("\(outcome.accepted)", 8), right("\(refused)", 7),
            left(HumanText.span(seconds: Int64(outcome.seconds.rounded())), 8),
            left(HumanText.bytes(outcome.bytes), 10),
            HumanText.number(outcome.loss),
        ].joined(separator: "  ") + note
    }

    private static func conclusion(_ report: SimulationReport, _ cost: Cost) -> [String] {
        let losses = report.rounds.compactMap(\.loss)
        let percent = { (value: Double) in String(format: "%.1f %%", value * 100) }
        return [
            "",
            "loss       \(HumanText.sparkline(losses))  \(HumanText.number(losses.first)) → "
                + HumanText.number(report.lastLoss),
            "detection  F1 \(String(format: "%.3f", report.f1)): \(percent(report.recall)) of faulty windows found, "
                + "\(percent(report.falseAlarmRate)) of normal ones above the threshold",
            "network    \(HumanText.count(report.messages)) messages, \(HumanText.count(report.messagesLost)) lost, "
                + "\(HumanText.count(report.messagesRepeated)) repeated; "
                + HumanText.plural(report.agentRestarts, "agent") + " and the coordinator "
                + HumanText.plural(report.coordinatorRestarts, "time") + " killed and restarted",
            "time       \(HumanText.span(seconds: Int64(report.virtualSeconds))) simulated in "
                + String(format: "%.1f s", cost.wallSeconds)
                + ", \(HumanText.count(Int(cost.clientRoundsPerSecond))) agents' rounds a second, peak memory "
                + String(format: "%.0f MiB", cost.peakMiB),
            "model      version \(report.version), \(HumanText.count(report.parameters)) parameters, "
                + report.model.prefix(12),
            "digest     \(report.digest) of \(HumanText.count(report.events)) events",
        ]
    }

    private static func peakMiB() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_maxrss) / 1024
    }
}
