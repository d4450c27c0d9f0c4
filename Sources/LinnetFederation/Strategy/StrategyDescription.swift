// SPDX-License-Identifier: Apache-2.0

/// A strategy as an operator writes it down: a name, and numbers that differ from the defaults.
///
///     let strategy = try StrategyDescription(parsing: "trimmed-mean:trimmed-share=0.1,mixed-malicious=2")
///     let outcome = try strategy.rule.apply(to: contributions, onto: base, state: state)
///
/// A description that exists is valid: ``rule`` never fails. Its text is the same for the same strategy, so it can stand
/// in provenance and be compared.
public struct StrategyDescription: Sendable, Equatable, CustomStringConvertible {
    public let name: Name
    /// What differs from the defaults.
    public let settings: [Parameter: Double]

    /// What Linnet does unless told otherwise: ``RobustAggregation``.
    public static let standard = StrategyDescription(.robust)

    /// The strategy of a name, with all its defaults.
    public init(_ name: Name) {
        self.name = name
        settings = [:]
    }

    /// Makes a description of a strategy.
    ///
    /// - Throws: ``StrategyError/unknownParameter(_:strategy:)`` or ``StrategyError/outOfRange(_:found:)``.
    public init(_ name: Name, _ settings: [Parameter: Double]) throws(StrategyError) {
        // In a fixed order, so that of two mistakes the same one is told every time.
        for parameter in Parameter.allCases {
            guard let value = settings[parameter] else { continue }
            guard name.parameters.contains(parameter) else {
                throw .unknownParameter(parameter.rawValue, strategy: name)
            }
            guard parameter.allows(value) else { throw .outOfRange(parameter, found: value) }
        }
        self.name = name
        self.settings = settings.filter { name.defaultValue(of: $0.key) != $0.value }
    }

    /// Reads `name` or `name:parameter=number,…`.
    ///
    /// - Throws: ``StrategyError``.
    public init(parsing text: String) throws(StrategyError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = Name(rawValue: String(parts[0])) else { throw .unknownName(String(parts[0])) }
        var settings: [Parameter: Double] = [:]
        if parts.count == 2 {
            for assignment in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
                let sides = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard let parameter = Parameter(rawValue: String(sides[0])) else {
                    throw .unknownParameter(String(sides[0]), strategy: name)
                }
                let number = sides.count == 2 ? String(sides[1]) : ""
                guard let value = Double(number) else {
                    throw .notANumber(parameter: parameter.rawValue, found: number)
                }
                guard settings.updateValue(value, forKey: parameter) == nil else { throw .repeated(parameter) }
            }
        }
        try self.init(name, settings)
    }

    /// A parameter's value: the one set, or else the default.
    public subscript(_ parameter: Parameter) -> Double { settings[parameter] ?? name.defaultValue(of: parameter) }

    /// The text that ``init(parsing:)`` reads.
    public var description: String {
        let assignments = name.parameters.compactMap { parameter in
            settings[parameter].map { "\(parameter.rawValue)=\(Self.text($0))" }
        }
        return assignments.isEmpty ? name.rawValue : name.rawValue + ":" + assignments.joined(separator: ",")
    }

    /// A number as an operator writes it: whole ones without a fraction.
    static func text(_ value: Double) -> String {
        // Up to 2^53 every whole Double is an Int.
        value.rounded() == value && value.magnitude < 9e15 ? "\(Int(value))" : "\(value)"
    }
}

extension StrategyDescription: Codable {
    public init(from decoder: any Decoder) throws {
        self = try StrategyDescription(parsing: decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
