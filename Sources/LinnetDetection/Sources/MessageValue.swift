// SPDX-License-Identifier: Apache-2.0

/// Any JSON, as far as readings need it.
indirect enum MessageValue: Decodable, Sendable {
    case number(Double)
    case truth(Bool)
    case text(String)
    case object([String: MessageValue])
    /// `null`, or a list, which no reading stands in.
    case nothing

    init(from decoder: any Decoder) throws {
        if let object = try? decoder.container(keyedBy: Key.self) {
            var members: [String: MessageValue] = [:]
            for key in object.allKeys { members[key.stringValue] = try object.decode(MessageValue.self, forKey: key) }
            self = .object(members)
            return
        }
        guard let single = try? decoder.singleValueContainer() else {
            self = .nothing
            return
        }
        if let truth = try? single.decode(Bool.self) {
            self = .truth(truth)
        } else if let number = try? single.decode(Double.self) {
            self = .number(number)
        } else if let text = try? single.decode(String.self) {
            self = .text(text)
        } else {
            self = .nothing
        }
    }

    /// What some keys lead to, from outside to inside.
    subscript(path: [String]) -> MessageValue? {
        path.reduce(self) { value, key in
            if case .object(let members)? = value { members[key] } else { nil }
        }
    }

    /// As it would be written into a file.
    var text: String? {
        switch self {
        case .number(let number): "\(number)"
        case .text(let text): text.trimmed
        case .truth, .object, .nothing: nil
        }
    }

    /// The number that some keys lead to; NaN where there is none.
    ///
    /// - Throws: ``DetectionError/source(_:)`` for something else than a number.
    func number(at path: [String], topic: String) throws(DetectionError) -> Float {
        switch self[path] {
        case .number(let number): return Self.reading(Float(number))
        case .truth(let truth): return truth ? 1 : 0
        case nil, .nothing: return .nan
        case .text(let text):
            if let number = Float(text.trimmed) { return Self.reading(number) }
            throw .source("\(topic): \(Self.place(path)) is \"\(text.prefix(40))\"; a reading is a number")
        case .object:
            throw .source(
                "\(topic): \(Self.place(path)) is an object; say with \"field\" where in it the number stands")
        }
    }

    /// What no sensor measures is a missing value.
    private static func reading(_ number: Float) -> Float { number.isFinite ? number : .nan }

    private static func place(_ path: [String]) -> String {
        path.isEmpty ? "the payload" : "\"\(path.joined(separator: "."))\""
    }

    private struct Key: CodingKey {
        let stringValue: String
        let intValue: Int? = nil

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
