// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetEvaluation
import Testing

@Suite("The page of an evaluation")
struct ReportTests {
    private func page(labels: [Bool], name: String = "pump") throws -> String {
        let samples = labels.enumerated().map { row, isFaulty in
            Sample(time: Timestamp(milliseconds: Int64(row) * 1000), values: [isFaulty ? 9 : Float(row % 5), 1])
        }
        let series = LabelledSeries(
            name: name, channels: ["<flow>", "level"], training: Array(samples.prefix(100)), samples: samples,
            labels: labels, times: labels.indices.map { "\($0)" }, timeColumn: "t", continues: true,
            samplesPerDay: 86_400)
        let evaluation = Evaluation(benchmark: nil, series: [series], seeds: 1)
        var runs: [SeriesRun] = []
        var results: [ContenderResult] = []
        for contender in Benchmark.contenders(PipelineSettings()) where !contender.isSeeded {
            let isFirst = results.isEmpty
            results.append(
                try evaluation.run(contender, clock: { 0 }) { _, _, run in if isFirst { runs.append(run) } })
        }
        return ReportPage(
            title: "A & B", protocolText: nil, table: EvaluationTable(results: results, benchmark: nil),
            series: [series], runs: runs
        ).html()
    }

    private let faulty = (0..<400).map { (300..<340).contains($0) }

    @Test("it holds tables, scores, curves and channels, and asks for nothing outside it")
    func selfContained() throws {
        let html = try page(labels: faulty)
        for part in ["<table>", "score over time", "ROC: area", "class=\"truth\"", "class=\"heat\"", "PA-F1"] {
            #expect(html.contains(part), "\(part)")
        }
        for outside in ["http:", "https:", "src=", "@import", "url(", "<script", "<link"] {
            #expect(!html.contains(outside), "\(outside)")
        }
        #expect(!html.contains("nan") && !html.contains("inf,"))
    }

    @Test("names from files can not write into the page")
    func escaping() throws {
        let html = try page(labels: faulty, name: "<script>alert(1)</script>")
        #expect(html.contains("&lt;script&gt;") && !html.contains("<script"))
        #expect(html.contains("&lt;flow&gt;") && html.contains("A &amp; B"))
    }

    @Test("a series without any anomaly is drawn all the same, and says why there is no curve")
    func quiet() throws {
        let html = try page(labels: [Bool](repeating: false, count: 300))
        #expect(html.contains("score over time") && html.contains("there is no ROC"))
    }

    @Test("a page of many rows stays small enough to be mailed")
    func size() throws {
        let html = try page(labels: (0..<30_000).map { $0 % 5000 > 4900 })
        #expect(html.utf8.count < 200_000)
    }
}
