// SPDX-License-Identifier: Apache-2.0

import Yams

/// Turns YAML text into ``ConfigurationNode``s, or says in which line it is no YAML.
struct YAMLReader {
    /// The file as the operator named it.
    let name: String
    private var nodes = 0

    /// Deepest nesting of sections and lists.
    static let maximumDepth = 16
    /// Most values of one file; aliases count every time, so a few lines can not blow up into millions.
    static let maximumNodes = 100_000

    init(name: String) { self.name = name }

    /// - Throws: ``ConfigurationProblems`` with the one place where reading had to stop.
    mutating func read(_ text: String) throws(ConfigurationProblems) -> ConfigurationNode {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw Self.problem(of: error, name: name, text: text)
        } catch {
            throw ConfigurationProblems(problems: ["\(name): not YAML: \(error)"])
        }
        guard let root else { return ConfigurationNode(line: 1, content: .empty) }
        return try convert(root, depth: 0)
    }

    private mutating func convert(_ node: Node, depth: Int) throws(ConfigurationProblems) -> ConfigurationNode {
        let line = node.mark?.line ?? 1
        nodes += 1
        guard nodes <= Self.maximumNodes else {
            throw stop(line, "more than \(Self.maximumNodes) values in one file")
        }
        guard depth <= Self.maximumDepth else {
            throw stop(line, "sections and lists lie more than \(Self.maximumDepth) deep in each other")
        }
        switch node {
        case .scalar(let scalar):
            return ConfigurationNode(line: line, content: Self.content(of: scalar))
        case .sequence(let sequence):
            var items: [ConfigurationNode] = []
            for item in sequence { items.append(try convert(item, depth: depth + 1)) }
            return ConfigurationNode(line: line, content: .list(items))
        case .mapping(let mapping):
            return ConfigurationNode(line: line, content: .map(try entries(of: mapping, depth: depth)))
        case .alias:
            throw stop(line, "an alias stands where a value is expected")
        }
    }

    private mutating func entries(
        of mapping: Node.Mapping, depth: Int
    ) throws(ConfigurationProblems) -> [ConfigurationNode.Entry] {
        var entries: [ConfigurationNode.Entry] = []
        var seen: Set<String> = []
        for (key, value) in mapping {
            let line = key.mark?.line ?? mapping.mark?.line ?? 1
            guard let name = key.scalar?.string else { throw stop(line, "a key must be plain text") }
            guard seen.insert(name).inserted else {
                throw stop(line, "\(ConfigurationNode.quoted(name)) is given more than once in one section")
            }
            entries.append(.init(key: name, line: line, value: try convert(value, depth: depth + 1)))
        }
        return entries
    }

    private func stop(_ line: Int, _ text: String) -> ConfigurationProblems {
        ConfigurationProblems(problems: ["\(name):\(line): \(text)"])
    }

    private static func content(of scalar: Node.Scalar) -> ConfigurationNode.Content {
        let isPlain = scalar.style == .plain || scalar.style == .any
        let isNull = isPlain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
        return isNull ? .empty : .text(scalar.string, isQuoted: !isPlain)
    }

    private static func problem(of error: YamlError, name: String, text: String) -> ConfigurationProblems {
        func at(_ line: Int, _ reason: String) -> ConfigurationProblems {
            ConfigurationProblems(problems: ["\(name):\(max(1, line)): not YAML: \(reason)"])
        }
        func sentence(_ context: YamlError.Context?, _ problem: String) -> String {
            // libYAML sets no space where it leaves one for a following line break.
            let parts = [context?.text ?? "", problem].map(trimmed).filter { !$0.isEmpty }
            return parts.joined(separator: ": ")
        }
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            return at(mark.line, sentence(context, problem))
        case .reader(let problem, let offset, _, _):
            let before = text.utf8.prefix(max(0, offset ?? 0))
            return at(before.count { $0 == UInt8(ascii: "\n") } + 1, trimmed(problem))
        case .duplicatedKeysInMapping(let duplicates, let context):
            let keys = duplicates.map(ConfigurationNode.quoted).joined(separator: ", ")
            return ConfigurationProblems(problems: [
                "\(name):\(max(1, context.mark.line)): \(keys) is given more than once in one section"
            ])
        default:
            return ConfigurationProblems(problems: ["\(name): not YAML: \(error)"])
        }
    }

    private static func trimmed(_ text: String) -> String {
        var rest = text[...]
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return String(rest.drop(while: \.isWhitespace))
    }
}
