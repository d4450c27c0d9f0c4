// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetEvaluation

/// A series' score over time, with labelled stretches behind it, the threshold across it and alarms below it.
struct ScorePlot {
    var series: LabelledSeries
    var run: SeriesRun

    private static let width = 1000.0
    private static let height = 180.0
    /// Points that are drawn at most; of more rows the largest of each group stands for all.
    private static let points = 1000

    func svg() -> String {
        let count = run.scores.count
        let group = max(1, (count + Self.points - 1) / Self.points)
        // The scale ends well above the threshold: a fault that goes through the roof need not flatten all the rest.
        let threshold = run.thresholds.filter(\.isFinite).max() ?? 1
        let top = max(1e-9, min(run.scores.max() ?? 1, 4 * max(threshold, 1)))
        func x(_ row: Int) -> Double { Self.width * Double(row) / Double(max(1, count - 1)) }
        func y(_ value: Double) -> Double { Self.height * (1 - min(max(value, 0), top) / top) }
        func path(_ values: [Double]) -> String {
            stride(from: 0, to: count, by: group).map { first in
                let largest = values[first..<min(first + group, count)].reduce(-Double.infinity) { max($0, $1) }
                return "\(ReportPage.coordinate(x(first))),\(ReportPage.coordinate(y(largest)))"
            }.joined(separator: " ")
        }
        func stretches(_ flags: [Bool], top: Double, height: Double, style: String) -> String {
            Runs.of(flags).map { run in
                let (from, to) = (x(run.lowerBound), x(run.upperBound))
                return
                    "<rect class=\"\(style)\" x=\"\(ReportPage.coordinate(from))\" y=\"\(top)\" "
                    + "width=\"\(ReportPage.coordinate(max(1, to - from)))\" height=\"\(height)\"/>"
            }.joined()
        }
        return """
            <svg viewBox="0 0 \(Self.width) \(Self.height + 24)" role="img" aria-label="score over time">
            \(stretches(series.labels, top: 0, height: Self.height, style: "truth"))
            <polyline class="score" points="\(path(run.scores))"/>
            <polyline class="limit" points="\(path(run.thresholds))"/>
            \(stretches(run.predictions, top: Self.height + 2, height: 6, style: "alarm"))
            <text x="0" y="\(Self.height + 20)">\(ReportPage.escaped(series.times.first ?? ""))</text>
            <text x="\(Self.width)" y="\(Self.height + 20)" text-anchor="end">\
            \(ReportPage.escaped(series.times.last ?? ""))</text>
            <text x="2" y="10">\(HumanText.number(top))</text>
            </svg>
            """
    }
}
