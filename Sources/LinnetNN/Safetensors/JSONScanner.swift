// SPDX-License-Identifier: Apache-2.0

/// Reads just the JSON (RFC 8259) that a safetensors header consists of: objects, texts and lists of whole numbers.
struct JSONScanner {
    /// Where an object stands between two keys.
    struct ObjectState {
        fileprivate var isFirst = true
    }

    private let bytes: [UInt8]
    private(set) var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Reads `{`.
    mutating func beginObject() throws(SafetensorsError) -> ObjectState {
        try expect("{")
        return ObjectState()
    }

    /// - Returns: the next key, its colon read; `nil` once the object has ended.
    mutating func nextKey(_ object: inout ObjectState) throws(SafetensorsError) -> String? {
        if take("}") { return nil }
        if !object.isFirst { try expect(",") }
        object.isFirst = false
        let key = try string()
        try expect(":")
        return key
    }

    /// - Returns: a list of whole numbers from 0 up; `nil` if there are more than `maximum`.
    mutating func integers(atMost maximum: Int) throws(SafetensorsError) -> [Int]? {
        try expect("[")
        var numbers: [Int] = []
        if take("]") { return numbers }
        repeat {
            guard numbers.count < maximum else { return nil }
            numbers.append(try integer())
        } while take(",")
        try expect("]")
        return numbers
    }

    /// Reads a text in quotation marks.
    mutating func string() throws(SafetensorsError) -> String {
        try expect("\"")
        let start = position
        var text: [UInt8] = []
        while let byte = next() {
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw .header(offset: start, problem: "the text is not UTF-8")
                }
                return string
            case UInt8(ascii: "\\"): try appendEscape(to: &text)
            case 0..<0x20: throw .header(offset: position - 1, problem: "a control character inside a text")
            default: text.append(byte)
            }
        }
        throw .header(offset: start, problem: "the text does not end")
    }

    /// Makes sure that only white space is left.
    mutating func end() throws(SafetensorsError) {
        skipSpace()
        guard position == bytes.count else { throw .header(offset: position, problem: "something follows the object") }
    }

    private mutating func integer() throws(SafetensorsError) -> Int {
        skipSpace()
        let start = position
        var number = 0
        while position < bytes.count, let digit = Self.value(of: bytes[position], radix: 10) {
            let (tens, first) = number.multipliedReportingOverflow(by: 10)
            let (sum, second) = tens.addingReportingOverflow(digit)
            guard !first, !second else { throw .header(offset: start, problem: "the number is too large") }
            number = sum
            position += 1
        }
        let hasLeadingZero = position > start + 1 && bytes[start] == UInt8(ascii: "0")
        guard position > start, !hasLeadingZero else {
            throw .header(offset: start, problem: "a whole number from 0 up must stand here")
        }
        return number
    }

    private mutating func appendEscape(to text: inout [UInt8]) throws(SafetensorsError) {
        let start = position - 1
        switch next() {
        case UInt8(ascii: "\""): text.append(UInt8(ascii: "\""))
        case UInt8(ascii: "\\"): text.append(UInt8(ascii: "\\"))
        case UInt8(ascii: "/"): text.append(UInt8(ascii: "/"))
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "u"):
            guard let scalar = unicodeScalar() else {
                throw .header(offset: start, problem: "\\u must be followed by the code of a character")
            }
            text += Array(String(Character(scalar)).utf8)
        default: throw .header(offset: start, problem: "an unknown escape inside a text")
        }
    }

    /// - Returns: the character of four hexadecimal digits, or of two such escapes that form a surrogate pair.
    private mutating func unicodeScalar() -> Unicode.Scalar? {
        guard let high = codeUnit() else { return nil }
        guard (0xd800..<0xdc00).contains(high) else { return Unicode.Scalar(high) }
        guard next() == UInt8(ascii: "\\"), next() == UInt8(ascii: "u"), let low = codeUnit(),
            (0xdc00..<0xe000).contains(low)
        else { return nil }
        return Unicode.Scalar(0x10000 + (high - 0xd800) << 10 + (low - 0xdc00))
    }

    private mutating func codeUnit() -> UInt32? {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next(), let digit = Self.value(of: byte, radix: 16) else { return nil }
            code = code << 4 | UInt32(digit)
        }
        return code
    }

    private static func value(of byte: UInt8, radix: Int) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f") where radix == 16: Int(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F") where radix == 16: Int(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }

    private mutating func next() -> UInt8? {
        guard position < bytes.count else { return nil }
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) { position += 1 }
    }

    /// Reads `character` if it is next.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(SafetensorsError) {
        guard take(character) else { throw .header(offset: position, problem: "\"\(character)\" must stand here") }
    }
}
