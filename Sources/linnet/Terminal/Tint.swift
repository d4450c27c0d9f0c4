// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What a piece of text is meant to say by its colour; without colours it says the same in words.
package enum Tint: String {
    case plain = ""
    case strong = "1"
    case faint = "2"
    case bad = "31"
    case good = "32"
    case warning = "33"
    case note = "36"
}

/// Whether and how a stream can show colours and be redrawn.
package struct Terminal {
    /// Whether a person looks at it, rather than a file or another program.
    package let isInteractive: Bool
    package let showsColours: Bool

    package init(isInteractive: Bool, showsColours: Bool) {
        self.isInteractive = isInteractive
        self.showsColours = showsColours
    }

    /// What standard output is: colours only on a terminal, and never where `NO_COLOR` is set (no-color.org).
    static func standardOutput() -> Terminal {
        let isInteractive = isatty(STDOUT_FILENO) == 1
        let refusesColours = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
        let isDumb = getenv("TERM").map { String(cString: $0) == "dumb" } ?? true
        return Terminal(
            isInteractive: isInteractive && !isDumb, showsColours: isInteractive && !refusesColours && !isDumb)
    }

    func tinted(_ text: String, _ tint: Tint) -> String {
        showsColours && tint != .plain && !text.isEmpty ? "\u{1B}[\(tint.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// Columns and rows of the window; 100 by 40 where that is unknown.
    var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (100, 40)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }
}
