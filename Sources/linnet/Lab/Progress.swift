// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Tells whoever waits what is being done, on standard error: standard output is for results.
enum Progress {
    static func note(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }
}
