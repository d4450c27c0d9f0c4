// SPDX-License-Identifier: Apache-2.0

import Crypto
import FoundationEssentials
import LinnetDomain

/// The private half of an Ed25519 key; it never leaves the machine that made it.
public struct SigningKey: Sendable {
    private let key: Curve25519.Signing.PrivateKey

    /// Makes a new key from the system's randomness.
    public init() { key = Curve25519.Signing.PrivateKey() }

    /// Reads a key back from its 32 bytes.
    ///
    /// - Throws: ``KeyError`` if they are none.
    public init(rawRepresentation bytes: Data) throws(KeyError) {
        do { key = try Curve25519.Signing.PrivateKey(rawRepresentation: bytes) } catch {
            throw .notAKey("\(bytes.count) bytes are no Ed25519 private key; it has 32")
        }
    }

    public var rawRepresentation: Data { key.rawRepresentation }

    /// The public half.
    public var verifyingKey: VerifyingKey { VerifyingKey(key: key.publicKey) }

    /// Signs the pre-authentication encoding of a payload.
    public func signature(type: String, body: Data) throws(KeyError) -> Data {
        do { return try key.signature(for: preAuthenticationEncoding(type: type, body: body)) } catch {
            throw .notAKey("this key does not sign: \(error)")
        }
    }
}

/// The public half of an Ed25519 key, written as 64 hexadecimal digits.
public struct VerifyingKey: Sendable, Hashable, Codable, CustomStringConvertible {
    public let hex: String

    init(key: Curve25519.Signing.PublicKey) {
        hex = key.rawRepresentation.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    /// - Throws: ``KeyError`` unless `hex` is 64 hexadecimal digits of a public key.
    public init(hex text: String) throws(KeyError) {
        let hex = text.lowercased()
        guard hex.utf8.count == 64, let bytes = Data(hexadecimal: hex),
            (try? Curve25519.Signing.PublicKey(rawRepresentation: bytes)) != nil
        else { throw .notAKey("a public key is 64 hexadecimal digits; found \(text.utf8.count) characters") }
        self.hex = hex
    }

    /// Names the key in an envelope; a hint, never trusted.
    public var keyID: String { String(hex.prefix(16)) }

    public var description: String { hex }

    /// Whether `signature` was made by this key's private half over this very type and body.
    public func isValid(signature: Data, type: String, body: Data) -> Bool {
        guard let bytes = Data(hexadecimal: hex),
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes)
        else { return false }
        return key.isValidSignature(signature, for: preAuthenticationEncoding(type: type, body: body))
    }

    public init(from decoder: any Decoder) throws {
        try self.init(hex: decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }
}

/// Why a key can not be used.
public enum KeyError: Error, Equatable, CustomStringConvertible {
    /// The bytes or digits are no key.
    case notAKey(String)
    /// The key's file can not be read or written.
    case file(path: String, reason: String)
    /// Others than its owner may read the key's file.
    case exposed(path: String, mode: String)

    public var description: String {
        switch self {
        case .notAKey(let reason): reason
        case .file(let path, let reason): "key file \(path): \(reason)"
        case .exposed(let path, let mode):
            "key file \(path) has mode \(mode): others can read it; make it 600, or delete it for a new identity"
        }
    }
}

/// DSSE v1's pre-authentication encoding: `"DSSEv1" SP LEN(type) SP type SP LEN(body) SP body`
/// (github.com/secure-systems-lab/dsse, protocol.md). Type and body can not be confused with each other.
package func preAuthenticationEncoding(type: String, body: Data) -> Data {
    var encoding = Data("DSSEv1 \(type.utf8.count) \(type) \(body.count) ".utf8)
    encoding.append(body)
    return encoding
}

extension Data {
    /// Bytes from hexadecimal digits; `nil` for an odd number of them or anything else.
    package init?(hexadecimal text: String) {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        func value(_ digit: UInt8) -> UInt8? {
            switch digit {
            case 48...57: digit - 48
            case 97...102: digit - 87
            case 65...70: digit - 55
            default: nil
            }
        }
        self.init(capacity: digits.count / 2)
        for position in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[position]), let low = value(digits[position + 1]) else { return nil }
            append(high << 4 | low)
        }
    }
}
