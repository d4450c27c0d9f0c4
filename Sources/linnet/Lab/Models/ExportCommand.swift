// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import LinnetDetection
import LinnetDomain
import LinnetNN
import LinnetNumerics

/// `linnet export`: a trained model for a fleet, or for another program.
struct ExportCommand: ParsableCommand {
    /// What is written.
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case safetensors
        case onnx
        case json
    }

    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a trained model for a fleet, for an ONNX runtime, or its architecture as JSON.",
        discussion: """
            safetensors is a model version: what a fleet may be given, with nothing of the device in it. onnx is a graph \
            from a window in the channels' own units to its error, with the device's level inside. json describes the \
            architecture alone.

              linnet export --model pump.safetensors --format onnx --output pump.onnx
              linnet export --model pump.safetensors --dtype i8 --output small.safetensors --input today.csv
              linnet export --model pump.safetensors --prune 0.5 --output sparse.safetensors --input today.csv

            --dtype writes the weights in fewer bits: f16, i8 (a scale for each output) or i8-tensor (one for each matrix). \
            --prune makes a share of the weights zero, the smallest of all layers. With --input both say what that has \
            cost: the same windows scored before and after. --keep-device writes a model that linnet score can use.

            Fewer bits save disk and transport. Scores are computed with 32 bits all the same: products of bytes were slower \
            for windows of up to a few hundred values, and for larger ones their errors, of one in a hundred, cost more than \
            the few microseconds they saved.

            Exit codes: 0 written; 1 something failed; 64 the command line is wrong; 66 data are not there.
            """)

    @Option(help: "A model from linnet train.")
    var model: String

    @Option(help: "The file to write.")
    var output: String

    @Option(help: "\(Format.allCases.map(\.rawValue).joined(separator: ", ")).")
    var format = Format.safetensors

    @Option(help: "Bits of the weights: \(WeightPrecision.allCases.map(\.rawValue).joined(separator: ", ")).")
    var dtype = WeightPrecision.float32

    @Option(help: "The share of the weights, the smallest ones, that become zero: 0 to 1.")
    var prune = 0.0

    @Flag(help: "Keep the device's calibration in a safetensors file.")
    var keepDevice = false

    @Option(help: "A CSV recording to measure the loss of quality on.")
    var input: String?

    @OptionGroup var columns: LabInput

    @Flag(help: "Print one JSON document instead of text.")
    var json = false

    func validate() throws {
        guard (0...1).contains(prune) else { throw ValidationError("--prune is \(prune); it must be 0 to 1") }
        if format == .json, dtype != .float32 || prune > 0 {
            throw ValidationError("--format json has no weights to round or prune")
        }
    }

    /// What was written, and what it has cost.
    private struct Summary: Encodable {
        var output: String
        var format: String
        var dtype: String
        var pruned: Double
        var bytes: Int
        var wholeBytes: Int
        var difference: ModelDifference?
    }

    func run() throws {
        BLAS.useOneThread()
        let trained = try LabFile.model(model)
        var changed = trained
        let bytes: Data
        let whole: Int
        do throws(ModelArtifactError) {
            changed.artifact = try trained.artifact.pruned(share: prune).rounded(to: dtype)
            bytes = try encoded(changed)
            whole = trained.artifact.encoded().count
        } catch {
            throw CommandFailure.failed("\(model): \(error)")
        }
        try LabFile.write(bytes, to: output)
        let summary = Summary(
            output: output, format: format.rawValue, dtype: dtype.rawValue, pruned: prune, bytes: bytes.count,
            wholeBytes: whole, difference: try difference(trained, changed))
        if json { Report.show(json: try LabFile.json(summary)) } else { Report.show(lines(summary)) }
    }

    private func encoded(_ model: TrainedModel) throws(ModelArtifactError) -> Data {
        switch format {
        case .safetensors where keepDevice:
            do throws(TrainedModelError) { return try model.encoded(dtype) } catch {
                if case .model(let reason) = error { throw reason }
                throw .metadata(key: "device", found: "\(error)", allowed: "a device of this model")
            }
        case .safetensors: return model.artifact.encoded(dtype)
        case .onnx:
            let level = model.calibration.level
            return try ONNXModel(
                model.artifact, level: ChannelScaler(center: level.center, scale: level.scale),
                limit: WindowStandardizer.limit
            ).encoded()
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            // An architecture that has been checked has no number that JSON does not know.
            return (try? encoder.encode(model.artifact.architecture)) ?? Data()
        }
    }

    private func difference(
        _ model: TrainedModel, _ other: TrainedModel
    ) throws(CommandFailure) -> ModelDifference? {
        guard let input else { return nil }
        let recording = try columns.read(input, for: model.contract)
        do throws(DetectionError) {
            return try ModelDifference(model, other, on: model.windows(of: recording))
        } catch {
            throw .failed("\(input): \(error)")
        }
    }

    private func lines(_ summary: Summary) -> [String] {
        var lines = [
            "\(summary.output): \(summary.format), \(HumanText.bytes(summary.bytes)); the whole model takes "
                + HumanText.bytes(summary.wholeBytes)
        ]
        guard let difference = summary.difference else { return lines }
        lines.append(
            "on \(HumanText.plural(difference.windows, "window")): mean score "
                + "\(HumanText.number(difference.meanScore)) before, \(HumanText.number(difference.otherMeanScore)) after; "
                + "no score changed by more than \(HumanText.number(100 * difference.largestChange)) % of the threshold"
        )
        lines.append(
            "anomalous windows: \(HumanText.count(difference.anomalous)) before, "
                + "\(HumanText.count(difference.otherAnomalous)) after; \(HumanText.count(difference.disagreements)) changed "
                + "sides")
        return lines
    }
}

extension WeightPrecision: ExpressibleByArgument {}
