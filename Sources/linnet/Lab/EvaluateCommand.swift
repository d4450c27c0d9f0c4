// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import LinnetConfiguration
import LinnetDetection
import LinnetEvaluation
import LinnetNumerics
import LinnetSimulation

/// `linnet evaluate`: how well Linnet detects, on a public benchmark or on labelled data of one's own.
struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measure detection on a public benchmark, or on your own labelled CSV file.",
        discussion: """
            Learns from the normal part of each file, judges the rest, and prints Linnet's numbers beside those of simple \
            baselines, of an alarm that always rings and of a random one. Thresholds come from training rows and rows that \
            have passed, never from labels.

              linnet evaluate --benchmark skab --data data/skab
              linnet evaluate --benchmark skab --data data/skab --all --report skab.html
              linnet evaluate --benchmark smd --data data/smd --predictions out --family usad
              linnet evaluate --input pump.csv --label-column anomaly --train-rows 2000

            Families: \(DetectorFamily.all.map(\.name).joined(separator: ", ")); each takes the place of the set's detector, \
            everything else stays.

            Benchmarks: \(Benchmark.allCases.map(\.rawValue).joined(separator: ", ")). How the numbers are to be read:

              F1, FAR, MAR     points right and wrong, share of normal rows alarmed, share of fault rows missed
              RANGE-F1         faults and alarms as stretches of time (Tatbul 2018)
              VUS-PR           how well scores rank fault rows, forgiving at the edges; no threshold in it
              EVENTS, EV-PREC  share of faults with an alarm in them; share of alarms that touch a fault
              DELAY            rows from a found fault's begin to its alarm
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

    @Option(
        help:
            "Rows of --input to learn from, which must be normal; default the first fifth, or all before the first label."
    )
    var trainRows: Int?

    @Option(
        help:
            "A pipeline's settings to measure instead of the set's: what linnet tune writes, or JSON as --json prints it."
    )
    var settings: String?

    @Option(help: "Another row: Linnet with this family as its detector. May be given several times.")
    var family: [String] = []

    @Flag(help: "A row for each family there is.")
    var all = false

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
        for name in family where !DetectorFamily.all.contains(where: { $0.name == name }) {
            throw ValidationError(
                "--family is \"\(name)\"; there are \(DetectorFamily.all.map(\.name).joined(separator: ", "))")
        }
        if let trainRows, trainRows < DetectionPipeline.minimumSamples {
            throw ValidationError(
                "--train-rows is \(trainRows); at least \(DetectionPipeline.minimumSamples) are needed")
        }
    }

    func run() async throws {
        BLAS.useOneThread()
        // A thread a file, each with a BLAS of one thread.
        Workers.useAllProcessors()
        let series: [LabelledSeries]
        do throws(BenchmarkError) { series = try load() } catch {
            throw CommandFailure(code: 66, description: "\(error)")
        }
        let settings = try chosenSettings(series.first?.channels ?? [])
        do {
            let (results, runs) = try measure(series, settings)
            let together = try await learnedTogether()
            let table = EvaluationTable(
                results: results, benchmark: benchmark,
                others: together.isEmpty ? [] : [LearnedTogether.table(together)])
            if let report {
                let page = ReportPage(
                    title: benchmark?.title ?? series[0].name, protocolText: benchmark?.protocolText, table: table,
                    series: series, runs: runs)
                try Data(page.html().utf8).write(to: URL(filePath: report), options: .atomic)
                Progress.note("the report is in \(report)")
            }
            guard json else { return Report.show(table.lines(on: .standardOutput())) }
            let document = EvaluationDocument(
                benchmark: benchmark, settings: settings, results: results, together: together)
            Report.show(json: try document.encoded())
        } catch let error as BenchmarkError {
            throw CommandFailure.failed("\(error)")
        } catch let error as CocoaError {
            throw CommandFailure.failed("a file can not be written: \(error.localizedDescription)")
        }
    }

    /// ASD's servers are of one kind: there it can be seen what federation gives.
    private func learnedTogether() async throws -> [FederationComparison.Row] {
        guard benchmark == .asd, !linnetOnly, let data else { return [] }
        return try await LearnedTogether.rows(in: data)
    }

    /// Every contender's numbers, and what Linnet said of each series.
    private func measure(
        _ series: [LabelledSeries], _ settings: PipelineSettings
    ) throws -> ([ContenderResult], [SeriesRun]) {
        let evaluation = Evaluation(benchmark: benchmark, series: series, seeds: seeds)
        var results: [ContenderResult] = []
        var runs: [SeriesRun] = []
        // ASD's servers are of one kind, and can learn together.
        let families = DetectorFamily.all.filter { all || family.contains($0.name) }.map(\.family)
        let contenders = Benchmark.contenders(settings, families: families, isFleet: benchmark == .asd)
        for (number, contender) in contenders.enumerated()
        where number == 0 || !linnetOnly {
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

    /// Normal rows with which a pump's false alarms have come down to what more rows leave of them.
    private static let advisedRows = 400

    /// For a file of one's own: machines like SKAB's pump are what most have, and folds suit little normal data.
    private static let ownSettings = Benchmark.skab.settings

    private func chosenSettings(_ channels: [String]) throws -> PipelineSettings {
        guard let path = settings else { return benchmark?.settings ?? Self.ownSettings }
        guard path.hasSuffix(".json") else {
            do throws(ConfigurationProblems) { return try PipelineFile.read(path, channels: channels) } catch {
                throw CommandFailure.usage("\(error)")
            }
        }
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
        let series = try LabelledSeries.own(
            recording, path: path, labelColumn: labelColumn, trainingRows: trainRows)
        if series.training.count < Self.advisedRows {
            Progress.note(
                "only \(series.training.count) normal rows to learn from: expect false alarms; with \(Self.advisedRows) or "
                    + "more of them, thresholds hold better")
        }
        return [series]
    }
}

extension Benchmark: ExpressibleByArgument {}
