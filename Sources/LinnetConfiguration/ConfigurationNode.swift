// SPDX-License-Identifier: Apache-2.0

/// One value of a configuration file with the line it stands in; the parser's own types go no further than this.
struct ConfigurationNode {
    enum Content {
        /// Nothing, or `null`.
        case empty
        /// A scalar; `isQuoted` ones are never numbers.
        case text(String, isQuoted: Bool)
        case list([ConfigurationNode])
        case map([Entry])
    }

    /// One `key: value` of a map.
    struct Entry {
        var key: String
        /// The line of the key.
        var line: Int
        var value: ConfigurationNode
    }

    var line: Int
    var content: Content

    /// Says in a few words what stands here, for messages.
    var summary: String {
        switch content {
        case .empty: "empty"
        case .text(let text, _): Self.quoted(text)
        case .list(let items): items.count == 1 ? "a list of 1 item" : "a list of \(items.count) items"
        case .map(let entries): entries.count == 1 ? "a section of 1 key" : "a section of \(entries.count) keys"
        }
    }

    /// `text` in quotes, cut to a length that fits a line, control characters escaped.
    static func quoted(_ text: String) -> String {
        let shown = text.count > 60 ? text.prefix(57) + "..." : text[...]
        let escaped = shown.unicodeScalars.map { scalar in
            scalar.value < 32 || scalar.value == 127 ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
        }
        return "\"\(escaped.joined())\""
    }
}
