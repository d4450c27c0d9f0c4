// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import LinnetDetection
import LinnetDomain
import LinnetNumerics

/// `linnet score`: a recording through a trained model.
struct ScoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "Score a CSV recording with a model from linnet train.",
        discussion: """
            Reads the recording row by row, as an agent reads its machine, and writes a row for each: the recording's own \
            time column, score, pred (1 under alarm), threshold, alarm (normal, pending or firing) and the channel with \
            the largest share in the score. Rows between two windows repeat the last one; before the first the score is 0.

              linnet score --model pump.safetensors --input today.csv --output scores.csv
              linnet score --model pump.safetensors --input today.csv --output scores.csv --explain alarms.json \\
                  --method shapley

            --explain writes for each alarm the shares of all channels, with what was observed and expected, and of each \
            sample of its worst window. The methods: error is the error of each value; gradient is integrated gradients \
            from the mean normal window; shapley is Shapley values against normal windows, for families whose score is \
            more than errors, and takes seconds an alarm.

            Exit codes: 0 scored; 1 something failed; 64 the command line is wrong; 66 data are not there.
            """)

    @Option(help: "A model from linnet train.")
    var model: String

    @Option(help: "The CSV recording to score, with a header.")
    var input: String

    @Option(help: "The CSV file to write.")
    var output: String

    @OptionGroup var columns: LabInput

    @Option(help: "A JSON file to write the explained alarms to.")
    var explain: String?

    @Option(help: "How alarms are explained: \(AttributionMethod.allCases.map(\.rawValue).joined(separator: ", ")).")
    var method = AttributionMethod.error

    @Flag(help: "Print one JSON document instead of text.")
    var json = false

    /// What was found, in numbers.
    private struct Summary: Encodable {
        var model: String
        var input: String
        var output: String
        var rows: Int
        var windows: Int
        var alarms: Int
        var alarmedRows: Int
        var explained: [ExplainedAlarm]?
    }

    func run() throws {
        BLAS.useOneThread()
        let trained = try LabFile.model(model)
        let recording = try columns.read(input, for: trained.contract)
        var file = ScoreFile(timeColumn: recording.timeColumn)
        var explanations: AlarmExplanations?
        do throws(DetectionError) {
            if explain != nil { explanations = try AlarmExplanations(trained, by: method) }
            let scoring = try SampleScoring(trained)
            var topChannel = ""
            for (row, sample) in recording.samples.enumerated() {
                let verdict = try scoring.handle(sample)
                if verdict.endsWindow { topChannel = try scoring.contributions().first?.channel ?? "" }
                file.add(verdict, time: recording.times[row], topChannel: topChannel)
                try explanations?.add(verdict, time: recording.times[row], window: scoring.window)
            }
            try explanations?.close()
        } catch {
            throw CommandFailure.failed("\(input): \(error)")
        }
        try LabFile.write(Data(file.text.utf8), to: output)
        if let explain, let explanations { try LabFile.write(try LabFile.json(explanations.alarms), to: explain) }
        let summary = Summary(
            model: model, input: input, output: output, rows: file.rows, windows: file.windows, alarms: file.alarms,
            alarmedRows: file.alarmedRows, explained: explanations?.alarms)
        if json { Report.show(json: try LabFile.json(summary)) } else { Report.show(lines(summary)) }
    }

    private func lines(_ summary: Summary) -> [String] {
        var lines = [
            "\(HumanText.plural(summary.rows, "row")), \(HumanText.plural(summary.windows, "window")): "
                + "\(HumanText.plural(summary.alarms, "alarm")), \(HumanText.count(summary.alarmedRows)) rows under alarm"
        ]
        for alarm in summary.explained ?? [] {
            let top = alarm.channels.prefix(3).map { String(format: "%@ %.0f %%", $0.channel, 100 * $0.share) }
            lines.append("  \(alarm.start) to \(alarm.end): \(top.joined(separator: ", "))")
        }
        lines.append("the scores are in \(output)")
        if let explain { lines.append("the alarms are in \(explain)") }
        return lines
    }
}

extension AttributionMethod: ExpressibleByArgument {}
