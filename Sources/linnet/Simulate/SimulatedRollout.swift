// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetFleet
import LinnetSimulation

/// Trains a simulated fleet, then rolls its last version out: a row for each change, and what came of it.
struct SimulatedRollout {
    let kinds: [CandidateKind]
    let settings: RolloutSimulationSettings
    let json: Bool

    private struct Result: Encodable {
        var candidate: CandidateKind
        var report: RolloutSimulationReport
    }

    private struct Results: Encodable { var rollouts: [Result] }

    func run(_ training: Simulation, over data: any FleetData, log: (@Sendable (String) -> Void)?) async throws {
        var training = training
        let trained = try await training.run { outcome in
            FileHandle.standardError.write(Data("round \(outcome.round) \(outcome.phase)\n".utf8))
        }
        guard let versions = training.lastVersions else {
            throw CommandFailure.failed(
                "a rollout needs two versions; train for more than \(trained.rounds.count) rounds")
        }
        var results = Results(rollouts: [])
        for kind in kinds {
            var simulation = try RolloutSimulation(
                settings: settings, data: data, base: versions.base, candidate: kind.applied(to: versions.newest),
                log: log)
            var screen = RolloutScreen(isQuiet: json)
            screen.begin(kind, settings.plan)
            let report = try simulation.run { screen.show($0) }
            screen.conclude(report)
            results.rollouts.append(Result(candidate: kind, report: report))
        }
        guard json else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        Report.show(json: try encoder.encode(results))
    }
}

/// The table of states of a simulated rollout, a row whenever something has changed.
private struct RolloutScreen {
    let isQuiet: Bool
    private var last: RolloutTick?

    init(isQuiet: Bool) { self.isQuiet = isQuiet }

    private static let widths = [10, 10, 5, 7, 7, 9, 6, 6, 6]
    private static let headings = [
        "TIME", "PHASE", "STAGE", "WAITING", "PENDING", "SUCCEEDED", "FAILED", "SILENT", "ON NEW",
    ]

    mutating func begin(_ kind: CandidateKind, _ plan: RolloutPlan) {
        last = nil
        guard !isQuiet else { return }
        let sizes = plan.stages.map(\.size.description).joined(separator: ", ")
        Report.show(["", "Rolling out: \(kind.rawValue); stages \(sizes)", row(Self.headings)])
    }

    mutating func show(_ tick: RolloutTick) {
        defer { last = tick }
        guard !isQuiet, isNews(tick) else { return }
        let counts = tick.counts
        let cells =
            [
                HumanText.span(seconds: Int64(tick.seconds)), tick.phase.words,
                tick.stage < 0 ? "–" : "\(tick.stage + 1)",
            ]
            + [counts.waiting, counts.pending, counts.succeeded, counts.failed, counts.silent, tick.running]
            .map(String.init)
        Report.show([row(cells) + (tick.waitsFor.map { "  \($0)" } ?? "")])
    }

    /// A new phase, stage or kind of wait; and once an hour, if anything has changed.
    private func isNews(_ tick: RolloutTick) -> Bool {
        guard let last else { return true }
        func kind(_ text: String?) -> Substring? { text?.prefix { $0 != ":" && $0 != " " } }
        if tick.phase != last.phase || tick.stage != last.stage || kind(tick.waitsFor) != kind(last.waitsFor) {
            return true
        }
        // Virtual times are small, so the conversion holds.
        return Int(tick.seconds / 3600) != Int(last.seconds / 3600)
    }

    func conclude(_ report: RolloutSimulationReport) {
        guard !isQuiet else { return }
        Report.show([
            "",
            "\(report.phase.words) at stage \(report.stage) of \(report.stages): \(report.reason)",
            "\(report.onNew) agents run the new version, \(report.onOld) the one before; \(report.offline) were away at "
                + "first, \(report.failing) can take none"
                + (report.isQuarantined ? "; the version is in quarantine" : ""),
            "\(HumanText.span(seconds: Int64(report.virtualSeconds))) simulated, \(HumanText.count(report.events)) events, "
                + "digest \(report.digest.prefix(16))…",
        ])
    }

    private func row(_ cells: [String]) -> String {
        zip(cells, Self.widths).enumerated().map { index, cell in
            let padding = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
            return index < 2 ? cell.0 + padding : padding + cell.0
        }.joined(separator: "  ")
    }
}
