// SPDX-License-Identifier: Apache-2.0

import Foundation

/// An evaluation as tables for people: what became of alarms, and what scores and papers' measures say.
public struct EvaluationTable {
    public var results: [ContenderResult]
    public var benchmark: Benchmark?

    /// Tables that stand after the two, measured elsewhere.
    public var others: [Part]

    public init(results: [ContenderResult], benchmark: Benchmark?, others: [Part] = []) {
        self.results = results
        self.benchmark = benchmark
        self.others = others
    }

    /// A column of a table.
    private struct Heading {
        var title: String
        var column: ContenderResult.Column
        /// Whether the interval over the files stands beside the number.
        var showsInterval = false
    }

    /// One table, for a terminal or a page.
    public struct Part {
        public var title: String
        public var heads: [String]
        /// The contender's name, then its numbers.
        public var rows: [[String]]

        public init(title: String, heads: [String], rows: [[String]]) {
            self.title = title
            self.heads = heads
            self.rows = rows
        }
    }

    /// The tables, in the order in which they are read.
    public var parts: [Part] {
        [
            part("At its own threshold, which has seen no label", alarmColumns),
            part(
                "By its scores alone, and by what has seen the labels (best F1, PA-F1)", scoreColumns,
                last: ("SECONDS", { String(format: "%.1f", $0.seconds) })),
        ] + others
    }

    /// What has to be said below the tables.
    public var notes: [String] {
        var notes = ["[ ]: 95 % bootstrap interval over the files. SECONDS: to learn from and judge all files once."]
        if let seeds = results.map(\.seeds).max(), seeds > 1 {
            notes.append("What is trained by steps was trained with \(seeds) seeds; the medians are told.")
        }
        if let benchmark { notes.append(benchmark.protocolText) }
        return notes + ["PA-F1: \(PointAdjustment.warning)."]
    }

    private func part(
        _ title: String, _ columns: [Heading], last: (title: String, text: (ContenderResult) -> String)? = nil
    ) -> Part {
        Part(
            title: title, heads: ["DETECTOR"] + columns.map(\.title) + (last.map { [$0.title] } ?? []),
            rows: results.map { result in
                [result.name] + columns.map { text($0, of: result) } + (last.map { [$0.text(result)] } ?? [])
            })
    }

    private var alarmColumns: [Heading] {
        var columns = [
            Heading(title: "F1", column: .f1, showsInterval: benchmark != .nab),
            Heading(title: "PRECISION", column: .precision), Heading(title: "RECALL", column: .recall),
            Heading(title: "ACCURACY", column: .accuracy), Heading(title: "FAR %", column: .falseAlarmRate),
            Heading(title: "MAR %", column: .missedAlarmRate), Heading(title: "RANGE-F1", column: .rangeF1),
            Heading(title: "EVENTS", column: .eventRecall), Heading(title: "EV-PREC", column: .eventPrecision),
            Heading(title: "DELAY", column: .delayRows), Heading(title: "FALSE/DAY", column: .falseEpisodesPerDay),
        ]
        switch benchmark {
        case .nab:
            columns += [
                Heading(title: "NAB", column: .nabStandard, showsInterval: true),
                Heading(title: "LOW-FP", column: .nabLowFP), Heading(title: "LOW-FN", column: .nabLowFN),
            ]
        case .skab: columns.append(Heading(title: "CP-NAB", column: .changepointStandard))
        case .smd:
            columns.append(Heading(title: "HIT@100%", column: .hitRate100))
            columns.append(Heading(title: "HIT@150%", column: .hitRate150))
        case .asd, .nasa, .tep, nil: break
        }
        return columns
    }

    private var scoreColumns: [Heading] {
        [
            Heading(title: "ROC-AUC", column: .rocAUC), Heading(title: "PR-AUC", column: .averagePrecision),
            Heading(title: "VUS-ROC", column: .vusROC), Heading(title: "VUS-PR", column: .vusPR, showsInterval: true),
            Heading(title: "best F1", column: .bestF1), Heading(title: "PA-F1", column: .pointAdjustedF1),
            Heading(title: "best PA-F1", column: .bestPointAdjustedF1),
        ]
    }

    private func text(_ heading: Heading, of result: ContenderResult) -> String {
        let number = Self.text(result[heading.column], heading.column)
        guard heading.showsInterval, result.series.count > 1,
            let interval = result.summary[heading.column.rawValue]?.interval
        else { return number }
        return "\(number) [\(Self.text(interval.low, heading.column))–\(Self.text(interval.high, heading.column))]"
    }

    private static func text(_ value: Double?, _ column: ContenderResult.Column) -> String {
        guard let value, value.isFinite else { return "–" }
        return switch column {
        case .falseAlarmRate, .missedAlarmRate: String(format: "%.1f", value * 100)
        case .delayRows, .nabStandard, .nabLowFP, .nabLowFN, .changepointStandard: String(format: "%.1f", value)
        case .falseEpisodesPerDay: String(format: "%.2f", value)
        default: String(format: "%.3f", value)
        }
    }
}
