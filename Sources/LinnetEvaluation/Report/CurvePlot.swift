// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The ROC and the precision-recall curve of one series, side by side, each beside what a random score gives.
struct CurvePlot {
    var series: LabelledSeries
    var run: SeriesRun

    private static let side = 220.0
    private static let (left, top) = (52.0, 26.0)
    private static let points = 300

    func svg() -> String {
        let curve = RankCurve(labels: series.labels, scores: run.scores)
        guard let area = curve.rocAUC, let precision = curve.averagePrecision else {
            return "<p class=\"quiet\">Rows of one kind only: there is no ROC and no precision-recall curve.</p>"
        }
        let group = max(1, curve.steps.count / Self.points)
        let steps =
            curve.steps.enumerated().filter { $0.offset.isMultiple(of: group) }.map(\.element)
            + curve.steps.suffix(1)
        let (positives, negatives) = (Double(curve.positives), Double(curve.negatives))
        let roc =
            [(0.0, 0.0)]
            + steps.map { (Double($0.falsePositives) / negatives, Double($0.truePositives) / positives) }
        let recall = steps.map { step in
            (
                Double(step.truePositives) / positives,
                Double(step.truePositives) / Double(max(1, step.truePositives + step.falsePositives))
            )
        }
        let share = positives / (positives + negatives)
        let width = 2 * (Self.left + Self.side) + 20
        return """
            <svg class="curves" viewBox="0 0 \(width) \(Self.top + Self.side + 40)" role="img" \
            aria-label="ROC and precision-recall curves">
            \(square(
                at: 0, title: "ROC: area \(String(format: "%.3f", area))",
                axes: ("share of normal rows above", "share of fault rows above"), points: roc,
                random: [(0, 0), (1, 1)]))
            \(square(
                at: Self.left + Self.side + 20, title: "precision and recall: average \(String(format: "%.3f", precision))",
                axes: ("recall", "precision"), points: recall, random: [(0, share), (1, share)]))
            </svg>
            """
    }

    private func square(
        at offset: Double, title: String, axes: (x: String, y: String), points: [(Double, Double)],
        random: [(Double, Double)]
    ) -> String {
        let left = offset + Self.left
        let bottom = Self.top + Self.side
        func line(_ points: [(Double, Double)], _ style: String) -> String {
            let places = points.map { x, y in
                "\(SVG.number(left + x * Self.side)),\(SVG.number(Self.top + (1 - y) * Self.side))"
            }
            return "<polyline class=\"\(style)\" points=\"\(places.joined(separator: " "))\"/>"
        }
        let middle = SVG.number(Self.top + Self.side / 2)
        return """
            <rect class="axis" x="\(left)" y="\(Self.top)" width="\(Self.side)" height="\(Self.side)"/>
            \(line(random, "random"))\(line(points, "curve"))
            \(SVG.text(title, x: left, y: Self.top - 8))
            \(SVG.text("0", x: left, y: bottom + 14))\(SVG.text("1", x: left + Self.side, y: bottom + 14, anchor: "end"))
            \(SVG.text(axes.x, x: left + Self.side / 2, y: bottom + 14, anchor: "middle"))
            \(SVG.text("0", x: left - 6, y: bottom, anchor: "end"))\(SVG.text("1", x: left - 6, y: Self.top + 9, anchor: "end"))
            <text transform="rotate(-90 \(left - 18) \(middle))" x="\(left - 18)" y="\(middle)" \
            text-anchor="middle">\(axes.y)</text>
            """
    }
}
