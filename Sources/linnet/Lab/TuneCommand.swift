// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import LinnetDetection
import LinnetDomain
import LinnetEvaluation
import LinnetNumerics

/// `linnet tune`: which detector, which window and which threshold suit a machine, by its own recording.
struct TuneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tune",
        abstract: "Choose detector, window and threshold for your own recording, and say why.",
        discussion: """
            Compares detector families, window lengths and thresholds on a recording of normal operation. Each learns from \
            the older 70 % of the rows. On the newer ones it has to tell faint faults, drawn over them, from what is normal; \
            with --labels it has to find the labelled rows of that file instead.

              linnet tune --input normal.csv --output pump.yaml
              linnet train --config pump.yaml --input normal.csv --output pump.safetensors
              linnet tune --input normal.csv --labels faults.csv --budget 20m --pipeline tuned.yaml
              linnet evaluate --input faults.csv --settings tuned.yaml

            What the columns say:

              RANKING   how well its scores rank faults above normal rows: area under precision and recall, 0 to 1
              STABLE    whether it would score the same had it learned from half of the rows, 1 is the same
              OFF       how far the false alarms on held-out rows are from the aimed ones, in powers of ten
              MERIT     ranking, less a tenth of what the other two lack

            Exit codes: 0 there is a recommendation; 1 something failed; 64 the command line is wrong; 66 the data are not \
            there or can not be read.
            """)

    @Option(help: "A CSV file of normal operation, with a header.")
    var input: String

    @Option(help: "A CSV file of the same machine with a label column: judge by it instead of by drawn faults.")
    var labels: String?

    @Option(help: "The column of --labels whose numbers other than 0 mark anomalies; no channel of --input either.")
    var labelColumn = "anomaly"

    @Option(help: "Columns that are no channels.")
    var ignore: [String] = []

    @Option(help: "The channel whose whole number is the machine's operating state.")
    var regimeChannel: String?

    @Option(
        parsing: .upToNextOption,
        help: "Samples of a window, instead of a choice of ours: that of your fleet, for a model that it is to run.")
    var window: [Int] = []

    @Option(help: "How long to compare: 90s, 5m, 1h. What is being measured then is finished.")
    var budget = Span(seconds: 300)

    @Option(help: "False alarms a day to aim at.")
    var falseAlarmsPerDay = 1.0

    @Option(
        help: "A file to write the recommended model, window and detection to, with the keys of agents and cohorts.")
    var output: String?

    @Option(help: "A file to write the whole recommended pipeline to, for linnet evaluate --settings.")
    var pipeline: String?

    @Flag(help: "Print one JSON document with all evidence instead of the tables.")
    var json = false

    func validate() throws {
        guard budget.seconds >= 1 else { throw ValidationError("--budget is 0; it must be at least a second") }
        guard falseAlarmsPerDay.isFinite, (0.001...1000).contains(falseAlarmsPerDay) else {
            throw ValidationError("--false-alarms-per-day is \(falseAlarmsPerDay); it must be 0.001 to 1000")
        }
        if let length = window.first(where: { !(1...4096).contains($0) }) {
            throw ValidationError("--window is \(length); it must be 1 to 4096")
        }
    }

    func run() throws {
        BLAS.useOneThread()
        Workers.useAllProcessors()
        let (normal, labelled) = try recordings()
        let channels = normal.channels.map(\.name)
        let base = try base(channels)
        let advice: Tuner.Advice
        do throws(TuningError) {
            let tuner = try Tuner(
                normal: normal.samples, labelled: labelled.map { ($0.samples, $0.labels) },
                samplesPerDay: normal.samplesPerDay ?? 86_400, falseAlarmsPerDay: falseAlarmsPerDay)
            advice = try tuner.run(
                lengths: window.isEmpty ? Tuner.lengths : window, base: base, budgetSeconds: Double(budget.seconds),
                clock: { ProcessInfo.processInfo.systemUptime }
            ) { found in
                Progress.note(
                    "\(found.family), window \(found.windowLength): ranking \(String(format: "%.3f", found.ranking)), "
                        + String(format: "%.1f s", found.seconds))
            }
        } catch {
            throw CommandFailure.failed("\(input): \(error)")
        }
        let report = TuningReport(advice: advice, channels: channels, source: input)
        try write(report.configuration, to: output)
        try write(report.pipeline, to: pipeline)
        if json {
            Report.show(json: try report.json())
        } else {
            Report.show(report.lines(on: .standardOutput()))
        }
    }

    private func write(_ text: String, to path: String?) throws {
        guard let path else { return }
        do {
            try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw CommandFailure.failed("\(path) can not be written: \(error.localizedDescription)")
        }
        Progress.note("written to \(path)")
    }

    private func recordings() throws -> (normal: Recording, labelled: Recording?) {
        func read(_ path: String, label: String?) throws -> Recording {
            do throws(DetectionError) {
                return try Recording(
                    reading: CSVReplaySettings(path: path, labelColumn: label, ignoredColumns: ignore))
            } catch {
                throw CommandFailure(code: 66, description: "\(error)")
            }
        }
        let normal: Recording
        // A normal recording may carry the label column of its kind, all 0.
        if let header = try? read(input, label: labelColumn) {
            normal = header
        } else {
            normal = try read(input, label: nil)
        }
        guard !normal.labels.contains(true) else {
            throw CommandFailure.usage(
                "\(input): \(normal.labels.count { $0 }) rows are labelled as anomalous in \"\(labelColumn)\"; a recording "
                    + "to learn from is normal. Cut them out, or give the file as --labels")
        }
        guard let labels else { return (normal, nil) }
        let labelled = try read(labels, label: labelColumn)
        guard labelled.channels == normal.channels else {
            throw CommandFailure(
                code: 66,
                description:
                    "\(labels): \(TuningError.otherChannels(expected: normal.channels.map(\.name), found: labelled.channels.map(\.name)))"
            )
        }
        return (normal, labelled)
    }

    private func base(_ channels: [String]) throws(CommandFailure) -> PipelineSettings {
        var base = Tuner.base
        if let regimeChannel {
            guard let channel = channels.firstIndex(of: regimeChannel) else {
                throw .usage(
                    "--regime-channel is \"\(regimeChannel)\"; the channels are \(channels.joined(separator: ", "))")
            }
            base.regimeChannel = channel
        }
        return base
    }
}
