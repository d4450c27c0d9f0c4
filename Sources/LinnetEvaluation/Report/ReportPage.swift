// SPDX-License-Identifier: Apache-2.0

import Foundation

/// An evaluation as one HTML file with nothing outside it: the tables, and for each series its scores over time with labels
/// and threshold, what each channel had to do with them, and ROC and precision-recall curves.
public struct ReportPage {
    public var title: String
    public var protocolText: String?
    public var table: EvaluationTable
    public var series: [LabelledSeries]
    /// What Linnet said of each series.
    public var runs: [SeriesRun]

    /// Most series that are drawn; a page of hundreds would be read by nobody.
    static let maximumSeries = 60

    /// - Parameters:
    ///   - protocolText: what was learned from and what was judged; `nil` for a file of one's own.
    ///   - table: the first contender is the one that `runs` are of.
    public init(
        title: String, protocolText: String?, table: EvaluationTable, series: [LabelledSeries], runs: [SeriesRun]
    ) {
        self.title = title
        self.protocolText = protocolText
        self.table = table
        self.series = series
        self.runs = runs
    }

    /// The whole page.
    public func html() -> String {
        let drawn = Array(zip(series, runs).prefix(Self.maximumSeries))
        let left = series.count - drawn.count
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
            <title>\(SVG.escaped(title))</title>
            <style>\(Self.style)</style></head><body>
            <h1>\(SVG.escaped(title))</h1>
            <p>\(SVG.escaped(protocolText ?? "Learned from the first rows of the file, judged on the rest."))</p>
            \(table.parts.map(Self.table).joined(separator: "\n"))
            <ul class="quiet">\(table.notes.filter { $0 != protocolText }.map { "<li>\(SVG.escaped($0))</li>" }.joined())</ul>
            <h2>Series, as Linnet saw them</h2>
            <p class="key"><span class="score"></span>score, surprise in powers of ten
            <span class="limit"></span>threshold <span class="truth"></span>labelled anomaly
            <span class="alarm"></span>alarm
            \((1...DeviationMap.shades).map(Self.shade).joined())
            a channel's deviation, 0 to \(SVG.label(DeviationMap.strongest)) of its own scales
            <span class="random"></span>a random score</p>
            <nav>\(drawn.enumerated().map { "<a href=\"#s\($0.offset)\">\(SVG.escaped($0.element.0.name))</a>" }.joined(separator: " "))</nav>
            \(drawn.enumerated().map { section($0.offset, $0.element.0, $0.element.1) }.joined(separator: "\n"))
            \(left > 0 ? "<p>\(left) more series are in the tables and not drawn.</p>" : "")
            </body></html>

            """
    }

    private func section(_ number: Int, _ series: LabelledSeries, _ run: SeriesRun) -> String {
        """
        <section id="s\(number)"><h3>\(SVG.escaped(series.name))</h3>
        <p class="quiet">\(SVG.escaped(summary(of: series.name)))</p>
        \(ScorePlot(series: series, run: run).svg())
        \(DeviationMap(series: series, run: run).svg())
        \(CurvePlot(series: series, run: run).svg())
        </section>
        """
    }

    private func summary(of name: String) -> String {
        guard let metrics = table.results.first?.series.first(where: { $0.series == name }) else { return "" }
        let events = metrics.events
        var parts = [
            "\(metrics.rows) rows", "\(events.foundEvents) of \(events.events) anomalies found",
            "\(events.falseEpisodes) false alarm\(events.falseEpisodes == 1 ? "" : "s")",
        ]
        if metrics.anomalousRows > 0 { parts.append(String(format: "F1 %.3f", metrics.counts.f1)) }
        if let volume = metrics.vus { parts.append(String(format: "VUS-PR %.3f", volume.pr)) }
        return parts.joined(separator: " · ")
    }

    private static func table(_ part: EvaluationTable.Part) -> String {
        func row(_ cells: [String], _ tag: String) -> String {
            "<tr>\(cells.map { "<\(tag)>\(SVG.escaped($0))</\(tag)>" }.joined())</tr>"
        }
        return """
            <h2>\(SVG.escaped(part.title))</h2>
            <div class="wide"><table><thead>\(row(part.heads, "th"))</thead>
            <tbody>\(part.rows.map { row($0, "td") }.joined())</tbody></table></div>
            """
    }

    private static func shade(_ shade: Int) -> String {
        "<i class=\"heat\" style=\"opacity:\(String(format: "%.2f", DeviationMap.opacity(shade)))\"></i>"
    }

    private static let style = """
        :root{--ink:#1c2329;--quiet:#55616a;--page:#fff;--panel:#f4f6f8;--line:#dde3e8;--score:#1f5f8b;--limit:#c2571a;
        --truth:#d64545;--curve:#1f5f8b;--heat:#8a1c4a;--link:#1f5f8b}
        @media(prefers-color-scheme:dark){:root{--ink:#e3e8ec;--quiet:#9aa7b1;--page:#14181c;--panel:#1d2329;--line:#323b43;
        --score:#6db3e2;--limit:#f09a5c;--truth:#ff6b6b;--curve:#6db3e2;--heat:#ff7fb3;--link:#8cc5ec}}
        body{font:15px/1.5 system-ui,sans-serif;max-width:1180px;margin:2em auto;padding:0 1em;color:var(--ink);
        background:var(--page)}
        h1{font-size:1.5em}h2{font-size:1.1em;margin:1.8em 0 .4em}h3{font-size:1em;margin:0}
        a{color:var(--link)}nav{line-height:1.9}nav a{margin-right:.8em;white-space:nowrap}.quiet{color:var(--quiet)}
        section{border-top:1px solid var(--line);padding-top:1em;margin-top:2em}section p{margin:.2em 0 .6em}
        .wide{overflow-x:auto;background:var(--panel);border-radius:6px}
        table{border-collapse:collapse;font-size:12px;font-variant-numeric:tabular-nums;width:100%}
        th,td{padding:.35em .5em;text-align:right;white-space:nowrap}th{color:var(--quiet);font-weight:600}
        th:first-child,td:first-child{text-align:left;position:sticky;left:0;background:var(--panel)}
        tbody tr{border-top:1px solid var(--line)}tbody tr:first-child{font-weight:700}
        svg{width:100%;height:auto;display:block;overflow:visible}svg svg{overflow:hidden}.curves{max-width:600px;margin-left:8%}
        text{font-size:11px;fill:var(--quiet)}.grid{stroke:var(--line);stroke-width:.6}
        .axis{fill:none;stroke:var(--quiet);stroke-width:.7}
        polyline{fill:none}.score{stroke:var(--score);stroke-width:1.1}
        .limit{stroke:var(--limit);stroke-width:1.3;stroke-dasharray:5 3}.curve{stroke:var(--curve);stroke-width:1.6}
        .random{stroke:var(--quiet);stroke-width:1;stroke-dasharray:2 3}
        .truth{fill:var(--truth);fill-opacity:.2}.alarm{fill:var(--limit)}.heat{fill:var(--heat)}
        .key{font-size:13px}.key span{display:inline-block;width:1.7em;height:.75em;margin:0 .4em 0 1.2em}
        .key .score{background:var(--score);height:2px;vertical-align:middle}
        .key .limit{height:0;border-top:2px dashed var(--limit);vertical-align:middle}
        .key .truth{background:var(--truth);opacity:.3}.key .alarm{background:var(--limit)}
        .key .random{height:0;border-top:2px dotted var(--quiet);vertical-align:middle}
        .key i{display:inline-block;width:.8em;height:.75em;background:var(--heat)}.key i:first-of-type{margin-left:1.2em}
        """
}
