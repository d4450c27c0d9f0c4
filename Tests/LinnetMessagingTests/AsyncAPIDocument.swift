// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
import Yams

/// The AsyncAPI document beside the sources, with its references followed.
struct AsyncAPIDocument {
    let root: Node

    init() throws {
        let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let path = repository.appending(path: "Sources/LinnetMessaging/asyncapi.yaml").path
        root = try #require(try Yams.compose(yaml: String(contentsOfFile: path, encoding: .utf8)))
    }

    /// The node under a path of keys; references on the way are followed.
    func node(_ path: String...) throws -> Node {
        var node = root
        for key in path { node = try resolve(try #require(node[key], "no \(key) in \(path)")) }
        return node
    }

    /// What `node` refers to, or `node` itself.
    func resolve(_ node: Node) throws -> Node {
        guard let reference = node["$ref"]?.string else { return node }
        #expect(reference.hasPrefix("#/"))
        var target = root
        for key in reference.dropFirst(2).split(separator: "/") {
            target = try #require(target[String(key)], "\(reference) leads nowhere")
        }
        return target
    }

    /// Calls `body` with every node of the document and its path.
    func visit(_ body: (Node, String) throws -> Void) rethrows { try Self.visit(root, "", body) }

    private static func visit(_ node: Node, _ path: String, _ body: (Node, String) throws -> Void) rethrows {
        try body(node, path)
        for (key, value) in node.mapping.map(Array.init) ?? [] {
            try visit(value, "\(path)/\(key.string ?? "?")", body)
        }
        for (position, value) in node.array().enumerated() { try visit(value, "\(path)/\(position)", body) }
    }
}

/// Holds JSON values against the document's schemas.
struct SchemaCheck {
    /// Which keys an object must have.
    enum Keys { case all, required }

    let document: AsyncAPIDocument
    let keys: Keys
    /// Numbers that the schema bounds, with the nearest number outside each bound.
    private(set) var outside: [(path: [String], number: String)] = []

    init(document: AsyncAPIDocument, keys: Keys) {
        self.document = document
        self.keys = keys
    }

    mutating func check(_ value: Node, against schema: Node, at path: [String] = []) throws {
        let schema = try document.resolve(schema)
        let place = Comment(rawValue: path.joined(separator: "."))
        switch try #require(schema["type"]?.string, place) {
        case "object": try checkObject(value, schema, path)
        case "array":
            let items = try #require(value.sequence, place)
            #expect(items.count >= schema["minItems"]?.int ?? 0, place)
            #expect(items.count <= schema["maxItems"]?.int ?? .max, place)
            for (position, item) in items.enumerated() {
                try check(item, against: try #require(schema["items"], place), at: path + ["\(position)"])
            }
        case "string":
            let scalar = try #require(value.scalar, place)
            #expect(scalar.style == .doubleQuoted, place)
            if let allowed = schema["enum"]?.array() { #expect(allowed.contains { $0.string == scalar.string }, place) }
            if let pattern = schema["pattern"]?.string {
                #expect(try Regex(pattern).wholeMatch(in: scalar.string) != nil, place)
            }
            #expect(scalar.string.utf8.count <= schema["maxLength"]?.int ?? .max, place)
        case "boolean": #expect(["true", "false"].contains(value.scalar?.string ?? ""), place)
        case "integer":
            #expect(value.scalar?.style == .plain && value.int != nil, place)
            checkBounds(value, schema, path)
        case "number":
            #expect(value.scalar?.style == .plain && value.float != nil, place)
            checkBounds(value, schema, path)
        case let other: Issue.record("no check for type \(other) at \(place)")
        }
    }

    private mutating func checkObject(_ value: Node, _ schema: Node, _ path: [String]) throws {
        let place = Comment(rawValue: path.joined(separator: "."))
        let mapping = try #require(value.mapping, place)
        let properties = schema["properties"]?.mapping.map(Array.init) ?? []
        let patterns = schema["patternProperties"]?.mapping.map(Array.init) ?? []
        var found: Set<String> = []
        for (key, value) in mapping {
            let name = try #require(key.string, place)
            if let pattern = try patterns.first(where: {
                try Regex($0.key.string ?? "").firstMatch(in: name) != nil
            }) {
                try check(value, against: pattern.value, at: path + [name])
            } else if let property = properties.first(where: { $0.key.string == name }) {
                found.insert(name)
                try check(value, against: property.value, at: path + [name])
            } else {
                let others = try #require(
                    schema["additionalProperties"], "\(path) has \(name), which is not documented")
                try check(value, against: others, at: path + [name])
            }
        }
        switch keys {
        case .all: #expect(found == Set(properties.compactMap(\.key.string)), place)
        case .required: #expect(found == Set(schema["required"]?.array().compactMap(\.string) ?? []), place)
        }
    }

    private mutating func checkBounds(_ value: Node, _ schema: Node, _ path: [String]) {
        let number = value.float ?? .nan
        if let least = schema["minimum"] {
            #expect(number >= least.float ?? .nan)
            outside.append((path, least.int.map { "\($0 - 1)" } ?? "-1"))
        }
        if let least = schema["exclusiveMinimum"] {
            #expect(number > least.float ?? .nan)
            outside.append((path, least.string ?? "0"))
        }
        if let most = schema["maximum"] {
            #expect(number <= most.float ?? .nan)
            outside.append((path, most.int.map { "\($0 + 1)" } ?? "1e300"))
        }
    }
}

/// `node` as JSON, with the number at `path` replaced.
func json(_ node: Node, replacing path: [String], with number: String) -> String {
    if path.isEmpty { return number }
    if let mapping = node.mapping {
        let entries = mapping.map { key, value in
            let name = key.string ?? ""
            let text = name == path.first ? json(value, replacing: Array(path.dropFirst()), with: number) : json(value)
            return "\"\(name)\":\(text)"
        }
        return "{\(entries.joined(separator: ","))}"
    }
    let items = node.array().enumerated().map { position, value in
        "\(position)" == path.first ? json(value, replacing: Array(path.dropFirst()), with: number) : json(value)
    }
    return "[\(items.joined(separator: ","))]"
}

private func json(_ node: Node) -> String {
    if let mapping = node.mapping {
        return "{\(mapping.map { "\"\($0.string ?? "")\":\(json($1))" }.joined(separator: ","))}"
    }
    if let sequence = node.sequence { return "[\(sequence.map(json).joined(separator: ","))]" }
    let text = node.scalar?.string ?? ""
    guard node.scalar?.style != .plain else { return text }
    return "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
}
