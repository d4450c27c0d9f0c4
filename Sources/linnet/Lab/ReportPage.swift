// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetEvaluation

/// An evaluation as one HTML file with nothing outside it: the table, and for each series its scores over time with labels
/// and threshold, ROC and precision-recall curves, and how far each channel strayed.
struct ReportPage {
    var title: String
    var protocolText: String?
    /// The table's lines, as they stand on a terminal.
    var table: [String]
    var series: [LabelledSeries]
    /// What Linnet said of each series.
    var runs: [SeriesRun]

    /// Most series that are drawn; a page of hundreds would be read by nobody.
    static let maximumSeries = 60

    /// The whole page.
    func html() -> String {
        let sections = zip(series, runs).prefix(Self.maximumSeries).map { series, run in
            """
            <section><h2>\(Self.escaped(series.name))</h2>
            \(ScorePlot(series: series, run: run).svg())
            <div class="pair">\(CurvePlot(series: series, run: run).svg())\(DeviationMap(series: series, run: run).svg())</div>
            </section>
            """
        }
        let left = series.count - sections.count
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><title>\(Self.escaped(title))</title>
            <style>\(Self.style)</style></head><body>
            <h1>\(Self.escaped(title))</h1>
            <p>\(Self.escaped(protocolText ?? "Learned from the first rows of the file, judged on the rest."))</p>
            <pre>\(Self.escaped(table.joined(separator: "\n")))</pre>
            <p class="key"><span class="score"></span> score, surprise in powers of ten
            <span class="limit"></span> threshold <span class="truth"></span> labelled anomaly
            <span class="alarm"></span> alarm</p>
            \(sections.joined(separator: "\n"))
            \(left > 0 ? "<p>\(left) more series are in the table and not drawn.</p>" : "")
            </body></html>

            """
    }

    /// Text that can stand in HTML.
    static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
    }

    /// A coordinate with one digit behind the point.
    static func coordinate(_ value: Double) -> String { String(format: "%.1f", value.isFinite ? value : 0) }

    private static let style = """
        body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2em auto;padding:0 1em;color:#1c2329;background:#fff}
        h1{font-size:1.5em}h2{font-size:1.05em;margin:2em 0 .3em}pre{font-size:11px;overflow-x:auto;background:#f4f6f8;
        padding:1em}svg{width:100%;height:auto;display:block}.pair{display:grid;grid-template-columns:1fr 1fr;gap:1em}
        .score{fill:none;stroke:#1f5f8b;stroke-width:1}.limit{fill:none;stroke:#c2571a;stroke-width:1;stroke-dasharray:4 3}
        .truth{fill:#d64545;fill-opacity:.18}.alarm{fill:#c2571a}.roc{fill:none;stroke:#1f5f8b;stroke-width:1.5}
        .pr{fill:none;stroke:#2c8a57;stroke-width:1.5}.axis{fill:none;stroke:#9aa5ad;stroke-width:1}
        text{font-size:10px;fill:#55616a}
        .key span{display:inline-block;width:1.6em;height:.7em;margin-left:1em}.key .score{background:#1f5f8b}
        .key .limit{background:#c2571a;height:2px;vertical-align:middle}.key .truth{background:#f0c4c4}
        .key .alarm{background:#c2571a}
        """
}
