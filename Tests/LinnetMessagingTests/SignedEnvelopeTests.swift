// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging
import LinnetNumerics
import Testing

@Suite("Signed messages")
struct SignedEnvelopeTests {
    private let key = SigningKey()

    @Test("the pre-authentication encoding is the one of the DSSE specification")
    func encoding() {
        let encoding = preAuthenticationEncoding(
            type: "http://example.com/HelloWorld", body: Data("hello world".utf8))

        #expect(
            String(decoding: encoding, as: UTF8.self) == "DSSEv1 29 http://example.com/HelloWorld 11 hello world")
    }

    @Test("signatures agree with OpenSSL's")
    func vector() throws {
        let key = try SigningKey(rawRepresentation: Samples.signingKey)
        let body = Data(Samples.signedBody.utf8)
        let signature = try #require(Data(base64Encoded: Samples.signature))

        #expect(key.verifyingKey.hex == Samples.verifyingKeyHex)
        #expect(key.verifyingKey.isValid(signature: signature, type: Samples.signedType, body: body))
        #expect(
            key.verifyingKey.isValid(
                signature: try key.signature(type: Samples.signedType, body: body), type: Samples.signedType,
                body: body))
    }

    @Test("what was sealed is opened by the sealer's key, and reads as text on the wire")
    func roundTrip() throws {
        let envelope = try SignedEnvelope(sealing: Samples.offer, with: key)
        let bytes = try envelope.encoded()

        #expect(try SignedEnvelope.open(bytes, as: RoundOffer.self, by: key.verifyingKey) == Samples.offer)
        #expect(envelope.body == Samples.offerText)
        #expect(envelope.keyID == key.verifyingKey.keyID)
    }

    @Test("another key does not open it, whatever key id the envelope claims")
    func otherKey() throws {
        let other = SigningKey()
        var envelope = try SignedEnvelope(sealing: Samples.offer, with: key)
        envelope.keyID = other.verifyingKey.keyID

        #expect(throws: WireError.badSignature(type: RoundOffer.payloadType)) {
            try envelope.open(as: RoundOffer.self, by: other.verifyingKey)
        }
    }

    @Test("one kind can not be passed for another, not even under its own type")
    func otherType() throws {
        let envelope = try SignedEnvelope(sealing: Samples.offer, with: key)
        #expect(throws: WireError.wrongType(found: RoundOffer.payloadType, expected: ReleaseManifest.payloadType)) {
            try envelope.open(as: ReleaseManifest.self, by: key.verifyingKey)
        }

        var forged = envelope
        forged.type = ReleaseManifest.payloadType
        #expect(throws: WireError.badSignature(type: ReleaseManifest.payloadType)) {
            try forged.open(as: ReleaseManifest.self, by: key.verifyingKey)
        }
    }

    @Test("L-4 a manifest with a field that nobody knows is refused with its name, in the body as in the envelope")
    func extraFields() throws {
        let envelope = try SignedEnvelope(sealing: Samples.manifest, with: key)
        let bytes = String(decoding: try envelope.encoded(), as: UTF8.self)
        #expect(
            try SignedEnvelope.open(Data(bytes.utf8), as: ReleaseManifest.self, by: key.verifyingKey)
                == Samples.manifest)
        let loose = bytes.replacing(#""keyID""#, with: #""url":"http://example.com","keyID""#)
        #expect(throws: WireError.unknownField("url")) {
            try SignedEnvelope.open(Data(loose.utf8), as: ReleaseManifest.self, by: key.verifyingKey)
        }

        var signed = envelope
        signed.body = envelope.body.replacing(#""chunkBytes""#, with: #""script":["rm"],"chunkBytes""#)
        signed.signature = try key.signature(type: signed.type, body: Data(signed.body.utf8)).base64EncodedString()
        #expect(throws: WireError.unknownField("model.plan.script")) {
            try signed.open(as: ReleaseManifest.self, by: key.verifyingKey)
        }
        // What is no order may have more fields than a reader knows.
        let offer = String(decoding: try SignedEnvelope(sealing: Samples.offer, with: key).encoded(), as: UTF8.self)
            .replacing(#""keyID""#, with: #""comment":"","keyID""#)
        #expect(try SignedEnvelope.open(Data(offer.utf8), as: RoundOffer.self, by: key.verifyingKey) == Samples.offer)
    }

    @Test("a body with any byte changed is not the signed one")
    func flippedBody() throws {
        let envelope = try SignedEnvelope(sealing: Samples.manifest, with: key)
        for position in 0..<envelope.body.utf8.count {
            var forged = envelope
            var bytes = Array(envelope.body.utf8)
            bytes[position] ^= 1
            forged.body = String(decoding: bytes, as: UTF8.self)
            #expect(throws: WireError.badSignature(type: ReleaseManifest.payloadType)) {
                try forged.open(as: ReleaseManifest.self, by: key.verifyingKey)
            }
        }
    }

    @Test("an envelope cut off anywhere or with bits flipped is an error or the very same payload")
    func hostile() throws {
        let bytes = try SignedEnvelope(sealing: Samples.header, with: key).encoded()
        for count in 0..<bytes.count {
            #expect(throws: WireError.self) {
                try SignedEnvelope.open(bytes.prefix(count), as: UpdateHeader.self, by: key.verifyingKey)
            }
        }
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<2000 {
            var changed = bytes
            changed[Int.random(in: bytes.indices, using: &generator)] ^= 1 << UInt8.random(in: 0...7, using: &generator)
            do throws(WireError) {
                // A changed key id is only a hint that nobody follows.
                let header = try SignedEnvelope.open(changed, as: UpdateHeader.self, by: key.verifyingKey)
                #expect(header == Samples.header)
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
    }

    @Test("a signature that is no base 64, or of another length, is a bad one")
    func signatureText() throws {
        for text in ["", "!", "AAAA", String(repeating: "A", count: 88), Samples.signature] {
            var envelope = try SignedEnvelope(sealing: Samples.manifest, with: key)
            envelope.signature = text
            #expect(throws: WireError.badSignature(type: ReleaseManifest.payloadType)) {
                try envelope.open(as: ReleaseManifest.self, by: key.verifyingKey)
            }
        }
    }

    @Test("a signed body that is malformed is refused after the signature has passed")
    func malformedBody() throws {
        let body = "{\"release\":3}"
        var envelope = try SignedEnvelope(sealing: Samples.manifest, with: key)
        envelope.body = body
        envelope.signature = try key.signature(type: ReleaseManifest.payloadType, body: Data(body.utf8))
            .base64EncodedString()

        #expect(throws: WireError.malformed(what: "ReleaseManifest", reason: "\"cohort\" is missing")) {
            try envelope.open(as: ReleaseManifest.self, by: key.verifyingKey)
        }
    }

    @Test("a public key is 64 hexadecimal digits and nothing else")
    func publicKeys() throws {
        #expect(try VerifyingKey(hex: Samples.verifyingKeyHex.uppercased()).hex == Samples.verifyingKeyHex)
        for text in ["", "03", Samples.verifyingKeyHex + "0", "g" + Samples.verifyingKeyHex.dropFirst()] {
            #expect(throws: KeyError.self) { try VerifyingKey(hex: text) }
        }
        #expect(throws: KeyError.self) { try SigningKey(rawRepresentation: Data(0..<31)) }
    }
}
