// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// The file that `--events` names.
final class EventFile: Sendable {
    private let handle: Mutex<FileHandle>

    /// - Throws: ``CommandFailure`` where the file can not be made.
    init(path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
        else { throw CommandFailure.failed("\(path) can not be written") }
        handle = Mutex(file)
    }

    func write(_ line: String) { handle.withLock { $0.write(Data(line.utf8)) } }
}
