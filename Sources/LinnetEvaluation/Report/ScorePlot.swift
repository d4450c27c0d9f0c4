// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A series' score over time, with labelled stretches behind it, the threshold across it and alarms below it.
struct ScorePlot {
    var series: LabelledSeries
    var run: SeriesRun

    private static let top = 8.0
    private static let height = 190.0
    /// Points that are drawn at most; of more rows the largest of each group stands for all.
    private static let points = 860
    /// Lines across, with their numbers.
    private static let lines = 4

    func svg() -> String {
        let count = run.scores.count
        let frame = PlotFrame(rows: count)
        let highest = highest
        func y(_ value: Double) -> Double { Self.top + Self.height * (1 - min(max(value, 0), highest) / highest) }
        func path(_ values: [Double]) -> String {
            let group = max(1, (count + Self.points - 1) / Self.points)
            return stride(from: 0, to: count, by: group).map { first in
                let largest = values[first..<min(first + group, count)].reduce(-Double.infinity) { max($0, $1) }
                return "\(SVG.number(frame.x(first))),\(SVG.number(y(largest)))"
            }.joined(separator: " ")
        }
        let bottom = Self.top + Self.height
        let grid = (0...Self.lines).map { line in
            let value = highest * Double(line) / Double(Self.lines)
            let place = SVG.number(y(value))
            return
                "<line class=\"grid\" x1=\"\(PlotFrame.left)\" x2=\"\(PlotFrame.right)\" y1=\"\(place)\" y2=\"\(place)\"/>"
                + SVG.text(SVG.label(value), x: PlotFrame.left - 6, y: y(value) + 3, anchor: "end")
        }.joined()
        return """
            <svg viewBox="0 0 \(PlotFrame.width) \(bottom + 34)" role="img" aria-label="score over time">
            \(frame.stretches(Runs.of(series.labels), top: Self.top, height: Self.height, style: "truth"))
            \(grid)
            <polyline class="score" points="\(path(run.scores))"/>
            <polyline class="limit" points="\(path(run.thresholds))"/>
            \(frame.stretches(Runs.of(run.predictions), top: bottom + 4, height: 7, style: "alarm"))
            \(SVG.text("alarms", x: PlotFrame.left - 6, y: bottom + 14, anchor: "end"))
            \(frame.times(series.times, y: bottom + 27))
            </svg>
            """
    }

    /// Where the picture ends: well above the threshold, because a fault that goes through the roof need not flatten all
    /// the rest.
    private var highest: Double {
        let thresholds = run.thresholds.filter(\.isFinite).sorted()
        let usual = thresholds.isEmpty ? 1 : thresholds[thresholds.count / 2]
        let score = run.scores.filter(\.isFinite).max() ?? 1
        return max(1e-9, min(score, 5 * max(usual, 1)), 1.2 * usual)
    }
}
