// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetEvaluation

/// How far each channel strayed from its own normal over time: a row a channel, the darker the farther.
struct DeviationMap {
    var series: LabelledSeries
    var run: SeriesRun

    private static let columns = 100
    private static let side = 300.0
    private static let nameWidth = 110.0
    /// Channels drawn at most: those that strayed farthest.
    private static let maximumChannels = 24
    /// Deviation, in scales, at which a cell is darkest.
    private static let darkest = 10.0

    func svg() -> String {
        guard !run.deviations.isEmpty else { return "<p>Nothing is known of single channels.</p>" }
        let shown = Array(run.ranking(0...max(0, run.scores.count - 1)).prefix(Self.maximumChannels))
        let cells = cells(shown)
        let height = Self.side / Double(shown.count)
        let width = Self.side / Double(Self.columns)
        var parts: [String] = []
        for (line, channel) in shown.enumerated() {
            let y = ReportPage.coordinate(10 + Double(line) * height)
            let name = series.channels.indices.contains(channel) ? series.channels[channel] : "\(channel)"
            parts.append(
                "<text x=\"\(Self.nameWidth - 4)\" y=\"\(ReportPage.coordinate(10 + (Double(line) + 0.6) * height))\" "
                    + "text-anchor=\"end\">\(ReportPage.escaped(String(name.prefix(18))))</text>")
            for column in 0..<Self.columns where cells[line][column] > 0.05 {
                let x = ReportPage.coordinate(Self.nameWidth + Double(column) * width)
                parts.append(
                    "<rect x=\"\(x)\" y=\"\(y)\" width=\"\(ReportPage.coordinate(width))\" "
                        + "height=\"\(ReportPage.coordinate(height))\" fill=\"#8a1c4a\" "
                        + "fill-opacity=\"\(String(format: "%.2f", cells[line][column]))\"/>")
            }
        }
        return """
            <svg viewBox="0 0 \(Self.nameWidth + Self.side + 10) \(Self.side + 40)" role="img" \
            aria-label="deviation of each channel over time">
            <rect class="axis" x="\(Self.nameWidth)" y="10" width="\(Self.side)" height="\(Self.side)"/>
            \(parts.joined())
            <text x="\(Self.nameWidth)" y="\(Self.side + 26)">how far each channel strayed, over time</text>
            </svg>
            """
    }

    /// The farthest deviation of each shown channel in each column, 0 to 1.
    private func cells(_ shown: [Int]) -> [[Double]] {
        var cells = [[Double]](repeating: [Double](repeating: 0, count: Self.columns), count: shown.count)
        for (row, values) in run.deviations {
            let column = min(Self.columns - 1, row * Self.columns / max(1, run.scores.count))
            for (line, channel) in shown.enumerated() where values.indices.contains(channel) {
                cells[line][column] = max(cells[line][column], min(1, values[channel] / Self.darkest))
            }
        }
        return cells
    }
}
