// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetSimulation

/// Fleets under attack, defended and not, as a table.
struct SimulatedAttacks {
    let plans: [AttackPlan]
    let json: Bool

    private struct Result: Encodable { let rows: [AttackSuite.Row] }

    func run(_ suite: AttackSuite) async throws {
        let total = 2 * (plans.count + 1)
        var number = 0
        let rows = try await suite.run(plans) { run in
            number += 1
            FileHandle.standardError.write(Data("\(number) of \(total): \(run) …\n".utf8))
        }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            return Report.show(json: try encoder.encode(Result(rows: rows)))
        }
        var table = Table(
            "ATTACK", "STRATEGY", .right("LOSS"), .right("CHANGE"), .right("F1"), .right("LOST"),
            .right("TRIGGERS MISSED"), .right("ROUNDS LOST"), .right("HONEST REFUSED"), "")
        for row in rows { table.add(cells: Self.cells(row)) }
        Report.show(table.lines(on: .standardOutput()))
    }

    /// Beyond these an attack has hurt: the share of F1, the growth of the error, the triggers that go unseen.
    private static let tolerated = (f1: 0.03, lossRatio: 1.35, triggers: 0.1)

    private static func cells(_ row: AttackSuite.Row) -> [Table.Cell] {
        let isClean = row.attack == "none"
        let isHurt =
            row.hasFailed || row.f1Lost > tolerated.f1 || row.lossRatio > tolerated.lossRatio
            || !row.lossRatio.isFinite || (row.triggersMissed ?? 0) > tolerated.triggers
        let change = isClean || row.hasFailed ? "–" : String(format: "%+.0f %%", (row.lossRatio - 1) * 100)
        return [
            .init(row.attack), .init(row.isDefended ? row.strategy : "plain mean, unscreened"),
            .init(row.hasFailed ? "none" : HumanText.number(row.loss)), .init(change),
            .init(String(format: "%.3f", row.f1)),
            .init(isClean ? "–" : String(format: "%.3f", row.f1Lost)),
            .init(row.triggersMissed.map { String(format: "%.0f %%", $0 * 100) } ?? "–"),
            .init("\(row.abandoned)"), .init("\(row.honestRefused)"),
            isClean ? "" : isHurt ? .init("hurt", .bad) : .init("holds", .good),
        ]
    }
}
