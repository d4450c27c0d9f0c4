// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import LinnetDetection
import LinnetEvaluation
import LinnetNumerics

/// `linnet evaluate`: how well Linnet detects, on a public benchmark or on labelled data of one's own.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measure detection on a public benchmark, or on your own labelled CSV file.",
        discussion: """
            Learns from the normal part of each file, judges the rest, and prints Linnet's numbers beside those of simple \
            baselines, of an alarm that always rings and of a random one. Thresholds come from training rows and rows that \
            have passed, never from labels.

              linnet evaluate --benchmark skab --data data/skab
              linnet evaluate --benchmark smd --data data/smd --predictions out --report smd.html
              linnet evaluate --input pump.csv --label-column anomaly --train-rows 2000

            Benchmarks: \(Benchmark.allCases.map(\.rawValue).joined(separator: ", ")). How the numbers are to be read:

              F1, FAR, MAR     points right and wrong, share of normal rows alarmed, share of fault rows missed
              VUS-PR           how well scores rank fault rows, forgiving at the edges; no threshold in it
              EVENTS           share of faults with an alarm in them
              FALSE/DAY        alarm episodes a day that touch no fault
              best F1, PA-F1   for comparison with papers: both have seen the labels

            Exit codes: 0 measured; 1 something failed; 64 the command line is wrong; 66 the data are not there.
            """)

    @Option(help: "The public set to measure on.")
    var benchmark: Benchmark?

    @Option(help: "The folder that holds the set.")
    var data: String?

    @Option(help: "A CSV file of your own, with a header and a label column.")
    var input: String?

    @Option(help: "The column of --input whose numbers other than 0 mark anomalies.")
    var labelColumn = "anomaly"

    @Option(help: "Columns of --input that are no channels.")
    var ignore: [String] = []

    @Option(help: "Rows of --input to learn from, which must be normal; default the first fifth.")
    var trainRows: Int?

    @Option(help: "A JSON file with a pipeline's settings to measure instead of the set's; --json prints those in use.")
    var settings: String?

    @Option(help: "Seeds to try where a detector depends on one; the median is told.")
    var seeds = 5

    @Flag(help: "Only Linnet's own row.")
    var linnetOnly = false

    @Flag(help: "Print one JSON document instead of the table.")
    var json = false

    @Option(help: "A folder to write Linnet's verdicts to: one CSV a series with its time, score and pred.")
    var predictions: String?

    @Option(help: "An HTML file to draw the report into.")
    var report: String?

    func validate() throws {
        guard (benchmark == nil) != (input == nil) else {
            throw ValidationError("say either --benchmark with --data, or --input")
        }
        if benchmark != nil, data == nil { throw ValidationError("--benchmark needs --data, the folder of the set") }
        guard (1...100).contains(seeds) else { throw ValidationError("--seeds is \(seeds); it must be 1 to 100") }
        if let trainRows, trainRows < DetectionPipeline.minimumSamples {
            throw ValidationError(
                "--train-rows is \(trainRows); at least \(DetectionPipeline.minimumSamples) are needed")
        }
    }

    func run() throws {
        BLAS.useOneThread()
        let series: [LabelledSeries]
        do throws(BenchmarkError) { series = try load() } catch {
            throw CommandFailure(code: 66, description: "\(error)")
        }
        let settings = try chosenSettings()
        var results: [ContenderResult] = []
        var runs: [SeriesRun] = []
        do {
            (results, runs) = try measure(series, settings)
            if let report {
                let plain = Terminal(isInteractive: false, showsColours: false)
                let page = ReportPage(
                    title: benchmark?.title ?? series[0].name, protocolText: benchmark?.protocolText,
                    table: EvaluationTable.lines(results, benchmark: benchmark, on: plain), series: series, runs: runs)
                try Data(page.html().utf8).write(to: URL(filePath: report), options: .atomic)
                Progress.note("the report is in \(report)")
            }
        } catch let error as BenchmarkError {
            throw CommandFailure.failed("\(error)")
        } catch {
            throw CommandFailure.failed("a file can not be written: \(error.localizedDescription)")
        }
        if json {
            let document = EvaluationDocument(benchmark: benchmark, settings: settings, results: results)
            Report.show(json: try document.encoded())
        } else {
            Report.show(EvaluationTable.lines(results, benchmark: benchmark, on: .standardOutput()))
        }
    }

    /// Every contender's numbers, and what Linnet said of each series.
    private func measure(
        _ series: [LabelledSeries], _ settings: PipelineSettings
    ) throws -> ([ContenderResult], [SeriesRun]) {
        let evaluation = Evaluation(benchmark: benchmark, series: series, seeds: seeds)
        var results: [ContenderResult] = []
        var runs: [SeriesRun] = []
        for (number, contender) in Benchmark.contenders(settings).enumerated() where number == 0 || !linnetOnly {
            Progress.note("\(contender.name) …")
            let result = try evaluation.run(contender, clock: { ProcessInfo.processInfo.systemUptime }) {
                seed, item, run in
                guard number == 0, seed == 0 else { return }
                if let predictions { try PredictionFile.write(run, of: item, below: predictions) }
                if report != nil { runs.append(run) }
            }
            results.append(result)
        }
        return (results, runs)
    }

    /// For a file of one's own: machines like SKAB's pump are what most have, and folds suit little normal data.
    private static let ownSettings = Benchmark.skab.settings

    private func chosenSettings() throws -> PipelineSettings {
        guard let path = settings else { return benchmark?.settings ?? Self.ownSettings }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandFailure(code: 66, description: "\(path): there is no such file, or it can not be read")
        }
        do { return try JSONDecoder().decode(PipelineSettings.self, from: data) } catch {
            throw CommandFailure.usage("\(path): no settings of a pipeline: \(error)")
        }
    }

    private func load() throws(BenchmarkError) -> [LabelledSeries] {
        if let benchmark, let data {
            Progress.note("reading \(data) …")
            return try benchmark.load(data)
        }
        let path = input ?? ""
        let recording: Recording
        do throws(DetectionError) {
            recording = try Recording(
                reading: CSVReplaySettings(path: path, labelColumn: labelColumn, ignoredColumns: ignore))
        } catch {
            throw .recording(error)
        }
        let rows = trainRows ?? max(DetectionPipeline.minimumSamples, recording.samples.count / 5)
        let name = URL(filePath: path).deletingPathExtension().lastPathComponent
        return [try Benchmark.series(recording, name: name, trainingRows: rows, path: path)]
    }
}

extension Benchmark: ExpressibleByArgument {}
