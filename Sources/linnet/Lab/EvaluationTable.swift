// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetEvaluation

/// An evaluation as a table for people.
enum EvaluationTable {
    static func lines(_ results: [ContenderResult], benchmark: Benchmark?, on terminal: Terminal) -> [String] {
        var heads: [Table.Column] = ["DETECTOR"]
        let columns = columns(of: benchmark)
        heads += columns.map { .right($0.title) }
        var table = Table(heads)
        for (number, result) in results.enumerated() {
            let tint: Tint = number == 0 ? .strong : .plain
            table.add(
                cells: [Table.Cell(result.name, tint)]
                    + columns.map { Table.Cell(text(result[$0.column], $0.column), tint) })
        }
        var lines = table.lines(on: terminal)
        let column: ContenderResult.Column = benchmark == .nab ? .nabStandard : .vusPR
        if let own = results.first, let interval = own.summary[column.rawValue]?.interval {
            lines.append("")
            lines.append(
                "95 % interval over files of \(own.name)'s \(column == .nabStandard ? "NAB" : "VUS-PR"): "
                    + "\(text(interval.low, column)) to \(text(interval.high, column))")
        }
        if let benchmark { lines += ["", benchmark.protocolText] }
        lines.append("PA-F1: \(PointAdjustment.warning).")
        return lines
    }

    private struct Heading {
        var title: String
        var column: ContenderResult.Column
    }

    private static func columns(of benchmark: Benchmark?) -> [Heading] {
        var columns = [
            Heading(title: "F1", column: .f1), Heading(title: "FAR %", column: .falseAlarmRate),
            Heading(title: "MAR %", column: .missedAlarmRate), Heading(title: "ROC", column: .rocAUC),
            Heading(title: "PR", column: .averagePrecision), Heading(title: "VUS-ROC", column: .vusROC),
            Heading(title: "VUS-PR", column: .vusPR), Heading(title: "RANGE-F1", column: .rangeF1),
            Heading(title: "EVENTS", column: .eventRecall), Heading(title: "DELAY", column: .delayRows),
            Heading(title: "FALSE/DAY", column: .falseEpisodesPerDay),
        ]
        if benchmark == .nab { columns.append(Heading(title: "NAB", column: .nabStandard)) }
        if benchmark == .skab { columns.append(Heading(title: "CP-NAB", column: .changepointStandard)) }
        if benchmark == .smd {
            columns.append(Heading(title: "HIT@100%", column: .hitRate100))
            columns.append(Heading(title: "HIT@150%", column: .hitRate150))
        }
        return columns + [
            Heading(title: "best F1", column: .bestF1), Heading(title: "PA-F1", column: .pointAdjustedF1),
            Heading(title: "best PA-F1", column: .bestPointAdjustedF1),
        ]
    }

    private static func text(_ value: Double?, _ column: ContenderResult.Column) -> String {
        guard let value, value.isFinite else { return "–" }
        return switch column {
        case .falseAlarmRate, .missedAlarmRate: String(format: "%.1f", value * 100)
        case .delayRows, .nabStandard, .changepointStandard: String(format: "%.1f", value)
        case .falseEpisodesPerDay: String(format: "%.2f", value)
        default: String(format: "%.3f", value)
        }
    }
}
