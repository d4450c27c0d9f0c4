// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetEvaluation
import LinnetNN

/// The losses of a training over its epochs as an SVG picture, on a logarithmic scale where that shows more.
struct LearningCurve {
    var title: String
    var report: TrainingReport

    private static let (width, height, left, top, bottom, right) = (720.0, 360.0, 70.0, 40.0, 50.0, 20.0)

    func svg() -> String {
        let training = report.epochs.map(\.training)
        let validation = report.epochs.map(\.validation)
        let values = (training + validation).filter(\.isFinite)
        let (low, high) = (values.min() ?? 0, values.max() ?? 1)
        // Adversarial losses may be negative: then there is no logarithm.
        let isLogarithmic = low > 0 && high / low > 5
        func scaled(_ value: Double) -> Double { isLogarithmic ? log10(value) : value }
        let (from, to) = (scaled(low), scaled(high))
        let span = to > from ? to - from : 1
        let plotWidth = Self.width - Self.left - Self.right
        let plotHeight = Self.height - Self.top - Self.bottom
        func x(_ epoch: Int) -> Double {
            Self.left + plotWidth * Double(epoch) / Double(max(1, report.epochs.count - 1))
        }
        func y(_ value: Double) -> Double { Self.top + plotHeight * (1 - (scaled(value) - from) / span) }
        func path(_ losses: [Double]) -> String {
            losses.enumerated().filter { $0.element.isFinite }.map {
                "\(Self.text(x($0.offset))),\(Self.text(y($0.element)))"
            }.joined(separator: " ")
        }
        let ticks = (0...4).map { step -> String in
            let level = from + span * Double(step) / 4
            let value = isLogarithmic ? pow(10, level) : level
            let height = Self.text(Self.top + plotHeight * (1 - Double(step) / 4))
            return "<line class=\"grid\" x1=\"\(Self.left)\" x2=\"\(Self.width - Self.right)\" y1=\"\(height)\" "
                + "y2=\"\(height)\"/><text x=\"\(Self.left - 6)\" y=\"\(height)\" dy=\"4\" text-anchor=\"end\">"
                + "\(HumanText.number(value))</text>"
        }
        let best = report.bestEpoch > 0 ? Self.text(x(report.bestEpoch - 1)) : nil
        let mark = best.map {
            "<line class=\"best\" x1=\"\($0)\" x2=\"\($0)\" y1=\"\(Self.top)\" y2=\"\(Self.top + plotHeight)\"/>"
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.width) \(Self.height)" role="img" \
            aria-label="learning curve">
            <style>text{font:12px sans-serif;fill:#444}.grid{stroke:#ddd}.best{stroke:#999;stroke-dasharray:4 3}
            polyline{fill:none;stroke-width:2}.training{stroke:#1f5f8b}.validation{stroke:#c2571a}</style>
            <rect width="\(Self.width)" height="\(Self.height)" fill="#fff"/>
            <text x="\(Self.left)" y="22">\(SVG.escaped(title))</text>
            \(ticks.joined(separator: "\n"))
            \(mark ?? "")
            <polyline class="training" points="\(path(training))"/>
            <polyline class="validation" points="\(path(validation))"/>
            <text x="\(Self.left)" y="\(Self.height - 30)">1</text>
            <text x="\(Self.width - Self.right)" y="\(Self.height - 30)" text-anchor="end">\(report.epochs.count)</text>
            <text x="\(Self.left)" y="\(Self.height - 10)">loss over epochs\(isLogarithmic ? ", logarithmic" : "")\
            : training (blue), held out (orange), weights kept (dashed)</text>
            </svg>

            """
    }

    private static func text(_ value: Double) -> String { String(format: "%.1f", value) }
}
