// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Why bytes from the broker were not taken for what they claim to be.
public enum WireError: Error, Equatable, CustomStringConvertible {
    /// There are more bytes than this kind of message may have.
    case tooLarge(bytes: Int, limit: Int)
    /// The bytes are not the JSON that this kind of message is.
    case malformed(what: String, reason: String)
    /// A field holds a value that is not allowed.
    case notAllowed(field: String, found: String, allowed: String)
    /// A message that may hold nothing unknown has a field that nobody here knows.
    case unknownField(String)
    /// The envelope is for another kind of message.
    case wrongType(found: String, expected: String)
    /// The signature is not the key's.
    case badSignature(type: String)

    public var description: String {
        switch self {
        case .tooLarge(let bytes, let limit): "\(bytes) bytes, over the limit of \(limit)"
        case .malformed(let what, let reason): "not a \(what): \(reason)"
        case .notAllowed(let field, let found, let allowed): "\"\(field)\" is \(found); allowed is \(allowed)"
        case .unknownField(let field):
            "there is a field \"\(field)\" that nobody here knows; what it says might be an order"
        case .wrongType(let found, let expected): "signed as \"\(found)\", expected \"\(expected)\""
        case .badSignature(let type): "the signature on a \(type) is not by the expected key"
        }
    }
}

/// A value that can check itself after it has been read from untrusted bytes.
public protocol WireChecked {
    /// - Throws: ``WireError/notAllowed(field:found:allowed:)`` for the first field that can not be.
    func check() throws(WireError)
}

/// Reads and writes Linnet's JSON: sorted keys, so that equal values are equal bytes.
public enum Wire {
    /// Most bytes of any JSON message.
    public static let maximumJSONBytes = 128 * 1024

    /// Encodes a value.
    ///
    /// - Throws: ``WireError/malformed(what:reason:)`` if it holds a number that is not finite: JSON has none.
    public static func encode(_ value: some Encodable) throws(WireError) -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return try encoder.encode(value)
        } catch {
            throw .malformed(what: "\(type(of: value))", reason: "it can not be written as JSON: \(error)")
        }
    }

    /// Decodes and checks a value.
    public static func decode<Value: Decodable>(
        _ type: Value.Type, from bytes: Data, limit: Int = maximumJSONBytes
    ) throws(WireError) -> Value {
        guard bytes.count <= limit else { throw .tooLarge(bytes: bytes.count, limit: limit) }
        let value: Value
        do {
            value = try JSONDecoder().decode(type, from: bytes)
        } catch let error as DecodingError {
            throw .malformed(what: "\(type)", reason: reason(of: error))
        } catch {
            throw .malformed(what: "\(type)", reason: "\(error)")
        }
        if let checked = value as? any WireChecked { try checked.check() }
        return value
    }

    private static func reason(of error: DecodingError) -> String {
        func path(_ context: DecodingError.Context) -> String {
            context.codingPath.isEmpty ? "" : " at \(context.codingPath.map(\.stringValue).joined(separator: "."))"
        }
        return switch error {
        case .keyNotFound(let key, let context): "\"\(key.stringValue)\" is missing\(path(context))"
        case .typeMismatch(let type, let context): "expected \(type)\(path(context))"
        case .valueNotFound(let type, let context): "expected \(type), found null\(path(context))"
        case .dataCorrupted(let context): "\(context.debugDescription)\(path(context))"
        @unknown default: "\(error)"
        }
    }
}
