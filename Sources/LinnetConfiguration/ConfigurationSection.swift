// SPDX-License-Identifier: Apache-2.0

/// One section of a configuration file, which remembers the keys it was asked for.
///
/// Readers never throw: they note a problem and answer the default, or a placeholder inside the allowed range.
/// ``ConfigurationFile/finish()`` throws all that was noted. Messages name a value by its path: `"devices[0].source.kind"`.
public final class ConfigurationSection {
    let log: ProblemLog
    /// Where this section stands, for example `devices[0].source`; empty for the whole file.
    public let path: String
    private let line: Int
    private let entries: [String: ConfigurationNode.Entry]
    private let order: [String]
    /// Stands for a section that is there but is none: one problem was noted, so its missing keys are not problems too.
    private let isPlaceholder: Bool
    private var asked: Set<String> = []
    private var children: [ConfigurationSection] = []

    init(
        log: ProblemLog, path: String, line: Int, entries: [ConfigurationNode.Entry], isPlaceholder: Bool = false
    ) {
        self.log = log
        self.path = path
        self.line = line
        self.entries = Dictionary(entries.map { ($0.key, $0) }) { first, _ in first }
        self.order = entries.map(\.key)
        self.isPlaceholder = isPlaceholder
    }

    // MARK: - Asking for values

    /// Whether the key is there with a value.
    public func has(_ key: String) -> Bool { node(key) != nil }

    /// The line in which a key stands; `nil` if it is not there.
    public func line(of key: String) -> Int? { entries[key]?.line }

    /// Notes a check of the caller's own that failed.
    ///
    /// - Parameter text: what follows the quoted path, for example `is 0; it must be …`.
    public func problem(_ key: String, _ text: String) {
        log.add(line: entries[key]?.line ?? line, "\"\(name(of: key))\" \(text)")
    }

    /// Notes a problem of the section as a whole.
    ///
    /// - Parameter text: what follows the quoted path, for example `has neither "csv" nor "host"; …`.
    public func problem(_ text: String) {
        log.add(line: line, path.isEmpty ? "the file \(text)" : "\"\(path)\" \(text)")
    }

    /// The value of a key; `nil` if it is absent or empty. The key counts as known from now on.
    func node(_ key: String) -> ConfigurationNode? {
        asked.insert(key)
        guard let value = entries[key]?.value else { return nil }
        if case .empty = value.content { return nil }
        return value
    }

    /// The scalar under a key; notes a problem if something else stands there.
    func scalar(_ key: String, expected: String) -> (text: String, isQuoted: Bool)? {
        guard let node = node(key) else { return nil }
        guard case .text(let text, let isQuoted) = node.content else {
            problem(key, "is \(node.summary); it must be \(expected)")
            return nil
        }
        return (text, isQuoted)
    }

    /// Answers the default of a key that is not there, or notes that it is missing.
    func absent<Value>(_ key: String, default value: Value?, placeholder: Value, expected: String) -> Value {
        if let value { return value }
        // A key with a wrong value has its problem already.
        if node(key) == nil && !isPlaceholder {
            let state = entries[key] == nil ? "missing" : "empty"
            problem(key, "is \(state); it must be \(expected)")
        }
        return placeholder
    }

    /// The full path of a key.
    func name(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    // MARK: - Sections in sections

    /// The section under a key; an empty one if the key is absent.
    public func section(_ key: String) -> ConfigurationSection {
        guard let node = node(key) else {
            return adopt(ConfigurationSection(log: log, path: name(of: key), line: line(of: key) ?? line, entries: []))
        }
        return child(node, path: name(of: key), line: line(of: key) ?? node.line)
    }

    /// The section under a key; `nil` if the key is absent or empty.
    public func optionalSection(_ key: String) -> ConfigurationSection? { has(key) ? section(key) : nil }

    /// The sections of a list under a key, in order; none if the key is absent.
    public func sections(_ key: String) -> [ConfigurationSection] {
        guard let node = node(key) else { return [] }
        guard case .list(let items) = node.content else {
            problem(key, "is \(node.summary); it must be a list of sections, each starting with \"-\"")
            return []
        }
        return items.enumerated().map { position, item in
            child(item, path: "\(name(of: key))[\(position)]", line: item.line)
        }
    }

    private func child(_ node: ConfigurationNode, path: String, line: Int) -> ConfigurationSection {
        guard case .map(let entries) = node.content else {
            log.add(line: line, "\"\(path)\" is \(node.summary); it must be a section: lines of `key: value`")
            return adopt(
                ConfigurationSection(log: log, path: path, line: line, entries: [], isPlaceholder: true))
        }
        return adopt(ConfigurationSection(log: log, path: path, line: line, entries: entries))
    }

    private func adopt(_ section: ConfigurationSection) -> ConfigurationSection {
        children.append(section)
        return section
    }

    // MARK: - The end of reading

    /// Notes each key that nobody asked for, in this section and in those read from it.
    func noteUnknownKeys() {
        // A section may be read twice under one key; what either asked for is known.
        var known: [String: (section: ConfigurationSection, keys: Set<String>)] = [:]
        collect(into: &known)
        for (section, keys) in known.values {
            for key in section.order where !keys.contains(key) {
                let free = keys.filter { section.entries[$0] == nil }
                section.problem(key, "is not known here" + Self.advice(for: key, unused: free, known: keys))
            }
        }
    }

    private func collect(into known: inout [String: (section: ConfigurationSection, keys: Set<String>)]) {
        known[path, default: (self, [])].keys.formUnion(asked)
        for child in children { child.collect(into: &known) }
    }

    private static func advice(for key: String, unused: Set<String>, known: Set<String>) -> String {
        if let likely = Spelling.nearest(to: key, among: unused.sorted()) { return ". Did you mean \"\(likely)\"?" }
        guard !known.isEmpty else { return "" }
        return "; known keys are \(Spelling.list(known.sorted()))"
    }
}
