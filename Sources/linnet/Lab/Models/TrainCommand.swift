// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import LinnetConfiguration
import LinnetDetection
import LinnetDomain
import LinnetNN
import LinnetNumerics

/// `linnet train`: a model of any family, from recordings.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train and calibrate a model of any family on CSV recordings.",
        discussion: """
            The configuration says which family and how long its windows are; sample files for each family come with \
            Linnet, in Edge/models. Its model section is a coordinator's, its window and detection sections are an agent's: \
            what works here can be copied there. linnet models families tells the families apart.

              linnet train --config Edge/models/usad.yaml --input pump.csv --output pump.safetensors --curve pump.svg
              linnet score --model pump.safetensors --input today.csv --output scores.csv

            Of each recording the older part of the normal rows is learned from, the newer part sets the threshold. Several \
            recordings are taken for one device's. Rows that a label column marks are left out.

            --from goes on from a model that was trained before, on the same channels; --freeze keeps some of its layers as \
            they are: encoder, decoder, or names such as layers.0, which linnet describe tells.

            Exit codes: 0 trained; 1 training failed; 64 the command line or the configuration is wrong; 66 data are not \
            there.
            """)

    @Option(help: "The YAML file that says what is trained and how.")
    var config: String

    @Option(parsing: .upToNextOption, help: "CSV recordings of one device, with a header each.")
    var input: [String]

    @Option(help: "The file to write the model to.")
    var output: String

    @OptionGroup var columns: LabInput

    @Option(help: "A trained model to go on from.")
    var from: String?

    @Option(parsing: .upToNextOption, help: "Layers of --from that stay as they are: encoder, decoder, layers.0 …")
    var freeze: [String] = []

    @Flag(help: "Go on from a model whose channels or interval differ, though windows have the same shape.")
    var allowDifferentSignals = false

    @Option(help: "An SVG file to draw the losses into.")
    var curve: String?

    @Option(help: "Decides first weights and the order of rows: the same seed gives the same model, bit for bit.")
    var seed: UInt64 = 1

    @Flag(help: "Print one JSON document instead of text.")
    var json = false

    func validate() throws {
        if !freeze.isEmpty, from == nil { throw ValidationError("--freeze needs --from, the model whose layers stay") }
    }

    func run() throws {
        BLAS.useOneThread()
        let training = try configured()
        var recordings: [Recording] = []
        for path in input { recordings.append(try columns.read(path)) }
        let start = try from.map { path throws(CommandFailure) in try self.start(path, recordings, training) }
        let rows = recordings.reduce(0) { $0 + $1.samples.count }
        var bar = TrainingProgress(
            epochs: training.settings.epochs, rows: Int(0.48 * Double(rows)) / training.stride,
            batchSize: training.settings.batchSize, isShown: isatty(STDERR_FILENO) == 1)
        let clock = ContinuousClock()
        let began = clock.now
        let outcome: ModelTraining.Outcome
        do throws(DetectionError) {
            outcome = try training.train(recordings, from: start) {
                bar.advance()
                return true
            }
        } catch {
            bar.finish()
            throw CommandFailure.failed("\(error)")
        }
        bar.finish()
        let document = TrainingDocument(
            outcome, output: output, inputs: input, seconds: (clock.now - began) / .seconds(1))
        let bytes: Data
        do throws(TrainedModelError) { bytes = try outcome.model.encoded() } catch {
            throw CommandFailure.failed("\(output): \(error)")
        }
        try LabFile.write(bytes, to: output)
        if let curve {
            let title = "\(outcome.model.artifact.architecture.family), \(outcome.fittedWindows) windows, seed \(seed)"
            try LabFile.write(Data(LearningCurve(title: title, report: outcome.report).svg().utf8), to: curve)
        }
        if json { Report.show(json: try LabFile.json(document)) } else { Report.show(document.lines()) }
    }

    private func configured() throws(CommandFailure) -> ModelTraining {
        do throws(ConfigurationProblems) { return try LabConfiguration(path: config, seed: seed).training } catch {
            throw .usage("\(error)")
        }
    }

    /// - Throws: ``CommandFailure`` if the model's signals are not those of the recordings.
    private func start(
        _ path: String, _ recordings: [Recording], _ training: ModelTraining
    ) throws(CommandFailure) -> ModelTraining.Start {
        let model = try LabFile.model(path)
        let contract: SignalContract
        do throws(DetectionError) { contract = try training.contract(of: recordings) } catch {
            throw CommandFailure(code: 66, description: "\(error)")
        }
        switch ModelTransfer.verdict(from: model.contract, to: contract) {
        case .allowed: break
        case .doubtful(let reason) where allowDifferentSignals: Progress.note("\(path): \(reason)")
        case .doubtful(let reason):
            throw .usage("\(path): \(reason); --allow-different-signals goes on all the same")
        case .refused(let reason): throw .usage("\(path): \(reason)")
        }
        return ModelTraining.Start(artifact: model.artifact, frozen: freeze)
    }
}
