// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// A message that must be trusted: only its sender's key can have made it.
public protocol SignedPayload: Codable, Sendable, WireChecked {
    /// Says what the body is, and is part of what is signed, so that one kind can not be passed for another.
    static var payloadType: String { get }
    /// Whether a field that the reader does not know makes the message unreadable, rather than being passed over.
    static var isClosed: Bool { get }
}

extension SignedPayload {
    public static var isClosed: Bool { false }
}

/// A signed message as it stands on the wire: one JSON object whose `body` is the payload's JSON as a string.
///
///     {"body":"{\"round\":7,…}","keyID":"9f3c…","signature":"MEUC…","type":"application/vnd.linnet.round-offer.v1+json"}
///
/// The body is text rather than base 64 so that a person tapping the broker can read it. The signature is Ed25519 over
/// DSSE's pre-authentication encoding of `type` and the body's bytes, and is checked before the body is parsed.
public struct SignedEnvelope: Codable, Sendable, Equatable {
    public var type: String
    public var body: String
    public var keyID: String
    /// Base 64.
    public var signature: String

    /// Signs a payload.
    public init<Payload: SignedPayload>(sealing payload: Payload, with key: SigningKey) throws {
        let body = try Wire.encode(payload)
        type = Payload.payloadType
        self.body = String(decoding: body, as: UTF8.self)
        keyID = key.verifyingKey.keyID
        signature = try key.signature(type: Payload.payloadType, body: body).base64EncodedString()
    }

    /// The envelope's own bytes.
    public func encoded() throws(WireError) -> Data { try Wire.encode(self) }

    /// Verifies, and only then parses.
    ///
    /// - Throws: ``WireError`` if the envelope is for another type, not signed by `key`, or its body is malformed, or has
    ///   fields of its own where the payload is closed.
    public func open<Payload: SignedPayload>(
        as payload: Payload.Type, by key: VerifyingKey, limit: Int = Wire.maximumJSONBytes
    ) throws(WireError) -> Payload {
        guard type == Payload.payloadType else {
            throw .wrongType(found: String(type.prefix(80)), expected: Payload.payloadType)
        }
        let bytes = Data(body.utf8)
        guard bytes.count <= limit else { throw .tooLarge(bytes: bytes.count, limit: limit) }
        guard let signature = Data(base64Encoded: signature), key.isValid(signature: signature, type: type, body: bytes)
        else { throw .badSignature(type: Payload.payloadType) }
        let value = try Wire.decode(payload, from: bytes, limit: limit)
        if Payload.isClosed { try FieldNames.expectNone(beyond: value, in: bytes) }
        return value
    }

    /// Reads an envelope from the wire, verifies it, and only then parses its body.
    public static func open<Payload: SignedPayload>(
        _ bytes: Data, as payload: Payload.Type, by key: VerifyingKey
    ) throws(WireError) -> Payload {
        let envelope = try Wire.decode(SignedEnvelope.self, from: bytes, limit: 2 * Wire.maximumJSONBytes)
        if Payload.isClosed { try FieldNames.expectNone(beyond: envelope, in: bytes) }
        return try envelope.open(as: payload, by: key)
    }
}
