// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetDetection

/// Reads and writes the lab's files.
enum LabFile {
    /// Most bytes of a model's file.
    private static let maximumBytes = 512 << 20

    /// - Throws: ``CommandFailure`` with exit code 66 if it can not be read, or is no trained model.
    static func model(_ path: String) throws(CommandFailure) -> TrainedModel {
        let bytes = try bytes(path)
        do throws(TrainedModelError) { return try TrainedModel(parsing: bytes) } catch {
            throw CommandFailure(code: 66, description: "\(path): \(error)")
        }
    }

    static func bytes(_ path: String) throws(CommandFailure) -> Data {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)  // unreadable is told apart below
        guard let size = (attributes?[.size] as? NSNumber)?.intValue, size <= maximumBytes,
            let bytes = FileManager.default.contents(atPath: path)
        else {
            throw CommandFailure(
                code: 66, description: "\(path): can not be read, or is larger than \(HumanText.bytes(maximumBytes))")
        }
        return bytes
    }

    static func write(_ bytes: Data, to path: String) throws(CommandFailure) {
        do { try bytes.write(to: URL(filePath: path), options: .atomic) } catch {
            throw .failed("\(path): can not be written: \(error.localizedDescription)")
        }
    }

    static func json(_ document: some Encodable) throws(CommandFailure) -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do { return try encoder.encode(document) } catch { throw .failed("no JSON can be made of it: \(error)") }
    }
}
