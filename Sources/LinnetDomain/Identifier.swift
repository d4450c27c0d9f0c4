// SPDX-License-Identifier: Apache-2.0

/// A name that is safe in a topic, a file name and a log line: 1 to 64 of `A-Z a-z 0-9 . _ -`, not starting with a dot.
///
/// `_echo` is no name: messages that test the broker's access rules stand under it.
/// Agents, devices and cohorts are named by types of their own, so that one can not be passed for another.
public protocol Identifier: RawRepresentable, Hashable, Comparable, Sendable, Codable, CustomStringConvertible
where RawValue == String {
    /// What this identifier names, for error messages: "agent", "device", "cohort".
    static var kind: String { get }

    /// Wraps a name that has been checked; call `init(_:)` instead.
    init(checked rawValue: String)
}

extension Identifier {
    /// Checks a name.
    ///
    /// - Throws: ``IdentifierError`` saying which character is not allowed.
    public init(_ name: String) throws(IdentifierError) {
        try IdentifierError.check(name, kind: Self.kind)
        self.init(checked: name)
    }

    /// Checks a name, and answers `nil` where it is not one.
    public init?(rawValue: String) {
        guard (try? IdentifierError.check(rawValue, kind: Self.kind)) != nil else { return nil }
        self.init(checked: rawValue)
    }

    public var description: String { rawValue }

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    public init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

/// Why a string is not a name.
public enum IdentifierError: Error, Equatable, CustomStringConvertible {
    /// The name has no character, or more than 64.
    case length(kind: String, found: Int)
    /// The name holds a character that is not allowed, or starts with a dot.
    case character(kind: String, name: String, found: Character)
    /// The name is kept for Linnet's own use.
    case taken(kind: String, name: String)

    /// The one name that nobody may have: it stands in place of wildcards when a side tests its own subscriptions.
    public static let reserved = "_echo"

    public var description: String {
        switch self {
        case .length(let kind, let found):
            "a name of \(Self.article(kind)) has 1 to 64 characters; this one has \(found)"
        case .character(let kind, let name, let found):
            "\"\(name)\" is not a name of \(Self.article(kind)): \"\(found)\" is not allowed here (use A-Z a-z 0-9 . _ -)"
        case .taken(let kind, let name):
            "\"\(name)\" is not a name of \(Self.article(kind)): Linnet keeps it for its own use"
        }
    }

    private static func article(_ kind: String) -> String { kind.hasPrefix("a") ? "an \(kind)" : "a \(kind)" }

    static func check(_ name: String, kind: String) throws(IdentifierError) {
        guard (1...64).contains(name.utf8.count) else { throw .length(kind: kind, found: name.utf8.count) }
        for (position, character) in name.enumerated() {
            let allowed =
                character.isASCII
                && (character.isLetter || character.isNumber || character == "_" || character == "-"
                    || (character == "." && position > 0))
            guard allowed else { throw .character(kind: kind, name: String(name.prefix(64)), found: character) }
        }
        guard name != reserved else { throw .taken(kind: kind, name: name) }
    }
}

/// The name of an agent; with TLS it is the common name of its certificate.
public struct AgentID: Identifier {
    public static let kind = "agent"
    public let rawValue: String
    public init(checked rawValue: String) { self.rawValue = rawValue }
}

/// The name of one watched machine; unique within its agent.
public struct DeviceID: Identifier {
    public static let kind = "device"
    public let rawValue: String
    public init(checked rawValue: String) { self.rawValue = rawValue }
}

/// The name of a cohort; made from its signal contract.
public struct CohortID: Identifier {
    public static let kind = "cohort"
    public let rawValue: String
    public init(checked rawValue: String) { self.rawValue = rawValue }
}
