// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import LinnetDetection
import LinnetNN

/// `linnet describe`: what is in a model's file.
struct DescribeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe",
        abstract: "Show what is in a model's file: layers, signals, threshold, where it comes from.",
        discussion: """
            Reads models from linnet train and versions from linnet models export; nothing is run.

              linnet describe pump.safetensors

            Exit codes: 0 shown; 64 the command line is wrong; 66 the file is not there, or is no model.
            """)

    @Argument(help: "The file of a model.")
    var file: String

    @Flag(help: "Print one JSON document instead of text.")
    var json = false

    func run() throws {
        let bytes = try LabFile.bytes(file)
        let document: ModelDocument
        do throws(TrainedModelError) {
            document = ModelDocument(try TrainedModel(parsing: bytes), bytes: bytes.count)
        } catch .isVersion {
            do throws(ModelArtifactError) {
                document = ModelDocument(try ModelArtifact(parsing: bytes), bytes: bytes.count)
            } catch {
                throw CommandFailure(code: 66, description: "\(file): \(error)")
            }
        } catch {
            throw CommandFailure(code: 66, description: "\(file): \(error)")
        }
        if json { Report.show(json: try LabFile.json(document)) } else { Report.show(document.lines()) }
    }
}
