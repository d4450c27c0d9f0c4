// SPDX-License-Identifier: Apache-2.0

import Glibc

// MARK: - Text

extension ConfigurationSection {
    /// Text under a key.
    ///
    /// - Parameters:
    ///   - default: what an absent key means; without it the key is required.
    ///   - allowed: the only texts that may stand there.
    public func string(_ key: String, default: String? = nil, allowed: [String]? = nil) -> String {
        let expected = allowed.map { "one of \(Spelling.list($0))" } ?? "text"
        guard let (text, _) = scalar(key, expected: expected) else {
            return absent(key, default: `default`, placeholder: allowed?.first ?? "", expected: expected)
        }
        guard let allowed, !allowed.contains(text) else { return text }
        let guess = Spelling.nearest(to: text, among: allowed).map { ". Did you mean \"\($0)\"?" } ?? ""
        problem(key, "is \(ConfigurationNode.quoted(text)); it must be \(expected)\(guess)")
        return `default` ?? allowed.first ?? ""
    }

    /// Text under a key; `nil` if the key is absent or empty.
    public func optionalString(_ key: String) -> String? { scalar(key, expected: "text")?.text }

    /// A path under a key; a relative one is relative to the configuration file's folder.
    ///
    /// - Parameter default: what an absent key means, relative as well; without it the key is required.
    public func resolvedPath(_ key: String, default: String? = nil) -> String {
        let path = string(key, default: `default`)
        guard has(key) || `default` != nil else { return path }
        guard !path.isEmpty, !path.utf8.contains(0) else {
            problem(key, "is \(ConfigurationNode.quoted(path)); it must be a path")
            return path
        }
        guard !path.hasPrefix("/"), let slash = log.name.lastIndex(of: "/") else { return path }
        return log.name[...slash] + path
    }

    /// A path under a key to a file that must be there and readable.
    public func readableFile(_ key: String) -> String {
        let path = resolvedPath(key)
        guard has(key), !path.isEmpty, !path.utf8.contains(0) else { return path }
        var status = stat()
        guard stat(path, &status) == 0, access(path, R_OK) == 0 else {
            let reason = String(cString: strerror(errno))
            problem(key, "is \(ConfigurationNode.quoted(path)), which can not be read: \(reason)")
            return path
        }
        guard status.st_mode & S_IFMT != S_IFDIR else {
            problem(key, "is \(ConfigurationNode.quoted(path)), which is a folder; it must be a file")
            return path
        }
        return path
    }

    /// `true` or `false` under a key.
    public func boolean(_ key: String, default: Bool) -> Bool {
        guard let (text, isQuoted) = scalar(key, expected: "true or false") else { return `default` }
        switch text {
        case "true" where !isQuoted: return true
        case "false" where !isQuoted: return false
        default:
            problem(key, "is \(ConfigurationNode.quoted(text)); it must be true or false")
            return `default`
        }
    }
}

// MARK: - Numbers

extension ConfigurationSection {
    /// A whole number under a key.
    ///
    /// - Parameter default: what an absent key means; without it the key is required.
    public func integer(_ key: String, default: Int? = nil, in range: ClosedRange<Int>) -> Int {
        measured(key, default: `default`, in: range, expected: "a whole number", read: Quantity.integer) { "\($0)" }
    }

    /// A number under a key; never NaN or infinite.
    ///
    /// - Parameter default: what an absent key means; without it the key is required.
    public func number(_ key: String, default: Double? = nil, in range: ClosedRange<Double>) -> Double {
        measured(key, default: `default`, in: range, expected: "a number", read: Quantity.number) {
            "\($0)".removingFraction
        }
    }

    /// A duration under a key: `250ms`, `30s`, `5m`, `2h`, `7d`.
    ///
    /// - Parameter default: what an absent key means; without it the key is required.
    public func duration(_ key: String, default: Duration? = nil, in range: ClosedRange<Duration>) -> Duration {
        measured(
            key, default: `default`, in: range, expected: "a duration", hint: " (write 250ms, 30s, 5m, 2h or 7d)",
            read: Quantity.duration, write: Quantity.text)
    }

    /// A number of bytes under a key: `64KiB`, `10MB`, `4096`.
    ///
    /// - Parameter default: what an absent key means; without it the key is required.
    public func bytes(_ key: String, default: Int? = nil, in range: ClosedRange<Int>) -> Int {
        measured(
            key, default: `default`, in: range, expected: "a number of bytes", hint: " (write 4096, 64KiB or 10MB)",
            read: Quantity.bytes, write: Quantity.text(bytes:))
    }

    private func measured<Value: Comparable>(
        _ key: String, default: Value?, in range: ClosedRange<Value>, expected: String, hint: String = "",
        read: (String) -> Value?, write: (Value) -> String
    ) -> Value {
        let bounds = "between \(write(range.lowerBound)) and \(write(range.upperBound))"
        let wanted = "\(expected) \(bounds)\(hint)"
        guard let (text, isQuoted) = scalar(key, expected: wanted) else {
            return absent(key, default: `default`, placeholder: range.lowerBound, expected: wanted)
        }
        // A number in quotes is text; a duration or a size reads the same either way.
        let isNumber = !isQuoted || Quantity.number(text) == nil
        guard isNumber, let value = read(text) else {
            let shown = isQuoted || !Quantity.looksNumeric(text) ? ConfigurationNode.quoted(text) : text
            problem(key, "is \(shown); it must be \(wanted)")
            return `default` ?? range.lowerBound
        }
        guard range.contains(value) else {
            problem(key, "is \(text); it must be \(bounds)")
            return `default` ?? range.lowerBound
        }
        return value
    }
}

// MARK: - Lists

extension ConfigurationSection {
    /// Most items of a list of plain values.
    public static let maximumListItems = 10_000

    /// A list of texts under a key.
    ///
    /// - Parameter default: what an absent key means; without it the key is required.
    public func strings(_ key: String, default: [String]? = nil) -> [String] {
        list(key, default: `default`, expected: "text") { text, _ in text }
    }

    /// A list of whole numbers under a key.
    ///
    /// - Parameter default: what an absent key means; without it the key is required.
    public func integers(_ key: String, default: [Int]? = nil, in range: ClosedRange<Int>) -> [Int] {
        let expected = "a whole number between \(range.lowerBound) and \(range.upperBound)"
        return list(key, default: `default`, expected: expected) { text, isQuoted in
            guard !isQuoted, let value = Quantity.integer(text), range.contains(value) else { return nil }
            return value
        }
    }

    private func list<Value>(
        _ key: String, default: [Value]?, expected: String, read: (String, Bool) -> Value?
    ) -> [Value] {
        guard let node = node(key) else {
            return absent(key, default: `default`, placeholder: [], expected: "a list, each item \(expected)")
        }
        guard case .list(let items) = node.content else {
            problem(key, "is \(node.summary); it must be a list, each item \(expected)")
            return `default` ?? []
        }
        guard items.count <= Self.maximumListItems else {
            problem(key, "has \(items.count) items; it must have at most \(Self.maximumListItems)")
            return `default` ?? []
        }
        return items.enumerated().compactMap { position, item in
            if case .text(let text, let isQuoted) = item.content, let value = read(text, isQuoted) { return value }
            log.add(
                line: item.line, "\"\(name(of: key))[\(position)]\" is \(item.summary); it must be \(expected)")
            return nil
        }
    }
}
