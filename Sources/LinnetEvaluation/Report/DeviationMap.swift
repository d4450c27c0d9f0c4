// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What each channel had to do with the score over time: a row a channel, the stronger the farther it strayed from its own
/// normal.
struct DeviationMap {
    var series: LabelledSeries
    var run: SeriesRun

    private static let columns = 172
    private static let lineHeight = 13.0
    private static let top = 4.0
    /// Channels drawn at most: those that strayed farthest.
    private static let maximumChannels = 24
    /// Deviation, in scales, at which a cell is strongest, and the shades below it.
    static let strongest = 10.0
    static let shades = 6

    func svg() -> String {
        guard !run.deviations.isEmpty else {
            return "<p class=\"quiet\">Nothing is known of single channels.</p>"
        }
        let shown = Array(run.ranking(0...max(0, run.scores.count - 1)).prefix(Self.maximumChannels))
        let height = Double(shown.count) * Self.lineHeight
        let names = shown.enumerated().map { line, channel in
            let name = series.channels.indices.contains(channel) ? series.channels[channel] : "\(channel)"
            let y = Self.top + (Double(line) + 0.5) * Self.lineHeight + 3
            return SVG.text(String(name.prefix(21)), x: PlotFrame.left - 6, y: y, anchor: "end")
        }
        let width = PlotFrame.right - PlotFrame.left
        return """
            <svg viewBox="0 0 \(PlotFrame.width) \(Self.top + height + 8)" role="img" \
            aria-label="deviation of each channel over time">
            \(names.joined())
            <svg x="\(PlotFrame.left)" y="\(Self.top)" width="\(width)" height="\(height)" \
            viewBox="0 0 \(Self.columns) \(shown.count)" preserveAspectRatio="none">\(cells(shown))</svg>
            <rect class="axis" x="\(PlotFrame.left)" y="\(Self.top)" width="\(width)" height="\(height)"/>
            </svg>
            """
    }

    /// Cells of one shade next to each other as one rectangle, and rectangles of one shade as one path: a tenth of the
    /// bytes that a rectangle a cell would take.
    private func cells(_ shown: [Int]) -> String {
        var paths = [String](repeating: "", count: Self.shades + 1)
        for (line, shades) in shades(shown).enumerated() {
            var column = 0
            while column < shades.count {
                let shade = shades[column]
                let first = column
                while column < shades.count, shades[column] == shade { column += 1 }
                if shade > 0 { paths[shade] += "M\(first) \(line)h\(column - first)v1h-\(column - first)z" }
            }
        }
        return paths.enumerated().filter { !$0.element.isEmpty }.map { shade, path in
            "<path class=\"heat\" fill-opacity=\"\(String(format: "%.2f", Self.opacity(shade)))\" d=\"\(path)\"/>"
        }.joined()
    }

    /// How strong a shade is drawn, 0 to 1.
    static func opacity(_ shade: Int) -> Double { Double(shade) / Double(shades) }

    /// The farthest deviation of each shown channel in each column, in shades.
    private func shades(_ shown: [Int]) -> [[Int]] {
        var cells = [[Int]](repeating: [Int](repeating: 0, count: Self.columns), count: shown.count)
        for (row, values) in run.deviations {
            let column = min(Self.columns - 1, row * Self.columns / max(1, run.scores.count))
            for (line, channel) in shown.enumerated() where values.indices.contains(channel) {
                let strength = min(1, max(0, values[channel] / Self.strongest))
                let shade = strength.isFinite ? Int((strength * Double(Self.shades)).rounded()) : Self.shades
                cells[line][column] = max(cells[line][column], shade)
            }
        }
        return cells
    }
}
