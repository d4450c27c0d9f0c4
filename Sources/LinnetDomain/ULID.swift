// SPDX-License-Identifier: Apache-2.0

/// A sortable unique id: 48 bits of time and 80 bits of chance, as 26 Crockford base-32 digits (github.com/ulid/spec).
public struct ULID: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    public let text: String

    private static let digits = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// Makes an id for `time`, drawing the rest from `generator`.
    public init(at time: Timestamp, using generator: inout some RandomNumberGenerator) {
        var remaining = UInt64(clamping: time.milliseconds) & 0xFFFF_FFFF_FFFF
        var bytes = [UInt8](repeating: 0, count: 26)
        for position in (0..<10).reversed() {
            bytes[position] = Self.digits[Int(remaining & 31)]
            remaining >>= 5
        }
        for position in 10..<26 { bytes[position] = Self.digits[Int.random(in: 0..<32, using: &generator)] }
        text = String(decoding: bytes, as: UTF8.self)
    }

    /// - Returns: `nil` unless `text` is 26 digits of the ULID alphabet.
    public init?(_ text: String) {
        guard text.utf8.count == 26, text.utf8.allSatisfy({ Self.digits.contains($0) }) else { return nil }
        self.text = text
    }

    /// When it was made, to the millisecond.
    public var time: Timestamp {
        // 50 bits of digits, of which a first digit above 7 would be none of a valid id; all fit.
        let milliseconds = text.utf8.prefix(10).reduce(Int64(0)) { value, digit in
            value << 5 | Int64(Self.digits.firstIndex(of: digit) ?? 0)
        }
        return Timestamp(milliseconds: milliseconds)
    }

    public var description: String { text }

    public static func < (left: ULID, right: ULID) -> Bool { left.text < right.text }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = ULID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "an id is 26 digits of a ULID")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
