// SPDX-License-Identifier: Apache-2.0

/// Where a series' rows lie in pictures that stand one below the other, so that a moment is at the same place in all.
struct PlotFrame {
    /// Rows of the series.
    var rows: Int

    static let width = 1000.0
    /// Room for numbers and channel names.
    static let left = 130.0
    static let right = 990.0
    /// Times written below a picture.
    private static let ticks = 5

    /// The place of a row's begin.
    func x(_ row: Int) -> Double {
        Self.left + (Self.right - Self.left) * Double(row) / Double(max(1, rows))
    }

    /// Stretches of rows as rectangles.
    func stretches(_ stretches: [ClosedRange<Int>], top: Double, height: Double, style: String) -> String {
        stretches.map { stretch in
            let (from, to) = (x(stretch.lowerBound), x(stretch.upperBound + 1))
            return "<rect class=\"\(style)\" x=\"\(SVG.number(from))\" y=\"\(SVG.number(top))\" "
                + "width=\"\(SVG.number(max(1.5, to - from)))\" height=\"\(SVG.number(height))\"/>"
        }.joined()
    }

    /// The times of a few rows, below `y`.
    func times(_ times: [String], y: Double) -> String {
        guard !times.isEmpty else { return "" }
        return (0..<Self.ticks).map { tick in
            let row = (times.count - 1) * tick / (Self.ticks - 1)
            let anchor = tick == 0 ? "start" : tick == Self.ticks - 1 ? "end" : "middle"
            return SVG.text(String(times[row].prefix(19)), x: x(row), y: y, anchor: anchor)
        }.joined()
    }
}
