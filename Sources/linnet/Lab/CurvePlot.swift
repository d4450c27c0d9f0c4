// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetEvaluation

/// ROC and precision-recall curves of one series in one square.
struct CurvePlot {
    var series: LabelledSeries
    var run: SeriesRun

    private static let side = 300.0
    private static let points = 300

    func svg() -> String {
        let curve = RankCurve(labels: series.labels, scores: run.scores)
        guard let area = curve.rocAUC, let precision = curve.averagePrecision else {
            return "<p>One kind of row only: there is no curve.</p>"
        }
        func point(_ x: Double, _ y: Double) -> String {
            "\(ReportPage.coordinate(20 + x * Self.side)),\(ReportPage.coordinate(10 + (1 - y) * Self.side))"
        }
        let group = max(1, curve.steps.count / Self.points)
        let steps =
            curve.steps.enumerated().filter { $0.offset.isMultiple(of: group) }.map(\.element)
            + curve.steps.suffix(1)
        let (positives, negatives) = (Double(curve.positives), Double(curve.negatives))
        let roc = steps.map { point(Double($0.falsePositives) / negatives, Double($0.truePositives) / positives) }
        let recall = steps.map { step in
            point(
                Double(step.truePositives) / positives,
                Double(step.truePositives) / Double(step.truePositives + step.falsePositives))
        }
        return """
            <svg viewBox="0 0 \(Self.side + 40) \(Self.side + 40)" role="img" aria-label="ROC and precision-recall curves">
            <rect class="axis" x="20" y="10" width="\(Self.side)" height="\(Self.side)"/>
            <polyline class="roc" points="\(point(0, 0)) \(roc.joined(separator: " "))"/>
            <polyline class="pr" points="\(recall.joined(separator: " "))"/>
            <text x="20" y="\(Self.side + 26)">ROC (blue): area \(String(format: "%.3f", area)); \
            precision over recall (green): average \(String(format: "%.3f", precision))</text>
            </svg>
            """
    }
}
