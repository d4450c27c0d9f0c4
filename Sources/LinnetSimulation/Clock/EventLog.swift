// SPDX-License-Identifier: Apache-2.0

import Crypto
import FoundationEssentials
import LinnetDomain

/// All that happened, line by line, as one digest: two runs that did the same have the same one.
struct EventLog {
    private var hash = SHA256()
    private(set) var lines = 0
    /// Gets each line as well, for whoever wants to read them.
    private let sink: (@Sendable (String) -> Void)?

    init(sink: (@Sendable (String) -> Void)? = nil) { self.sink = sink }

    /// Adds a line: the time in milliseconds since the start, and what happened.
    mutating func add(_ uptime: Int64, _ text: String) {
        let line = "\(uptime) \(text)\n"
        lines += 1
        hash.update(data: Data(line.utf8))
        sink?(line)
    }

    /// The digest of all lines so far, in hexadecimal.
    var digest: String {
        let digits = Array("0123456789abcdef")
        return String(hash.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
