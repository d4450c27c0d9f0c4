// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Writes a report to standard output.
enum Report {
    /// The lines, each ended.
    static func show(_ lines: [String]) {
        FileHandle.standardOutput.write(Data(lines.map { $0 + "\n" }.joined().utf8))
    }

    /// Text as it is.
    static func write(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }

    /// The API's own bytes.
    static func show(json body: Data) {
        FileHandle.standardOutput.write(body + Data(body.last == 10 ? "".utf8 : "\n".utf8))
    }
}
