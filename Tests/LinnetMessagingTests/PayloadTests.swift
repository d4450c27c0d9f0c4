// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging
import LinnetNumerics
import Testing

@Suite("Payloads")
struct PayloadTests {
    @Test("every kind is on the wire as documented, byte by byte, and is read back the same")
    func golden() throws {
        struct Visitor: PayloadVisitor {
            func visit<Payload: Codable & Equatable & Sendable>(_ payload: Payload, text: String) throws {
                #expect(String(decoding: try Wire.encode(payload), as: UTF8.self) == text)
                #expect(try Wire.decode(Payload.self, from: Data(text.utf8)) == payload)
            }
        }
        var visitor = Visitor()
        try Samples.visitAll(&visitor)
    }

    @Test("every kind cut off at any byte is an error")
    func truncated() throws {
        struct Visitor: PayloadVisitor {
            func visit<Payload: Codable & Equatable & Sendable>(_ payload: Payload, text: String) throws {
                let bytes = Data(text.utf8)
                for count in 0..<bytes.count {
                    #expect(throws: WireError.self, "\(Payload.self) of \(count) bytes") {
                        try Wire.decode(Payload.self, from: bytes.prefix(count))
                    }
                }
            }
        }
        var visitor = Visitor()
        try Samples.visitAll(&visitor)
    }

    @Test("every kind with bits flipped is an error or another value that can be written", arguments: [UInt64(1), 2])
    func flipped(seed: UInt64) throws {
        struct Visitor: PayloadVisitor {
            var generator: SeededGenerator
            mutating func visit<Payload: Codable & Equatable & Sendable>(_ payload: Payload, text: String) throws {
                for _ in 0..<700 {
                    var bytes = Data(text.utf8)
                    for _ in 0..<Int.random(in: 1...3, using: &generator) {
                        bytes[Int.random(in: bytes.indices, using: &generator)] ^=
                            1 << UInt8.random(in: 0...7, using: &generator)
                    }
                    guard let value = readable(Payload.self, bytes) else { continue }
                    // What passes the checks is fit to be stored and passed on.
                    _ = try Wire.encode(value)
                }
            }
        }
        var visitor = Visitor(generator: SeededGenerator(seed: seed))
        try Samples.visitAll(&visitor)
    }

    @Test("random bytes and JSON of other shapes are errors, and never trap")
    func random() throws {
        struct Visitor: PayloadVisitor {
            var generator: SeededGenerator
            mutating func visit<Payload: Codable & Equatable & Sendable>(_ payload: Payload, text: String) throws {
                for _ in 0..<500 {
                    let bytes = (0..<Int.random(in: 0...80, using: &generator)).map { _ in
                        UInt8.random(in: 0...255, using: &generator)
                    }
                    #expect(readable(Payload.self, Data(bytes)) == nil)
                }
                let shapes = [
                    "null", "[]", "{}", "0", "\"\"", "[" + text + "]", String(repeating: "[", count: 60_000),
                    String(repeating: "{\"a\":", count: 20_000), text + "x", text + text, "\u{FEFF}" + text + "]",
                ]
                for shape in shapes { #expect(readable(Payload.self, Data(shape.utf8)) == nil) }
                // Every number becomes one that no field can hold.
                for hostile in ["1e999", "-1e999", "NaN", "Infinity", "1e30", "-9223372036854775809", "null", "\"1\""] {
                    for number in ["1767225600000", ":3", ":7", ":0.5", ":2.5", ":12", ":8"] {
                        let prefix = number.hasPrefix(":") ? ":" : ""
                        guard text.contains(number) else { continue }
                        _ = readable(Payload.self, Data(text.replacing(number, with: prefix + hostile).utf8))
                    }
                }
            }
        }
        var visitor = Visitor(generator: SeededGenerator(seed: 3))
        try Samples.visitAll(&visitor)
    }

    @Test("an offer of a coordinator that knows no encodings asks for whole models, and an unknown encoding is refused")
    func encodings() throws {
        let older = Samples.offerText.replacing(#","updateEncoding":"delta16""#, with: "")
        var asked = Samples.offer
        asked.settings.updateEncoding = .full
        #expect(try Wire.decode(RoundOffer.self, from: Data(older.utf8)) == asked)

        for text in ["delta4", "top-k:0", "top-k:-1", "top-k:nan", "top-k:", "Full", ""] {
            let foreign = Samples.offerText.replacing(#""delta16""#, with: "\"\(text)\"")
            #expect(throws: WireError.self) { try Wire.decode(RoundOffer.self, from: Data(foreign.utf8)) }
        }
    }

    @Test("a reason to sit out that is too long, or would break a line, is refused")
    func sitsOut() throws {
        for reason in [String(repeating: "x", count: 257), "a\\nb", "a\\u0007"] {
            let foreign = Samples.stateText.replacing("2 of 3 devices are under alarm", with: reason)
            #expect(throws: WireError.self) { try Wire.decode(AgentState.self, from: Data(foreign.utf8)) }
        }
    }

    @Test("a number that is not finite can not be written", arguments: [Double.nan, .infinity, -.infinity])
    func notFinite(number: Double) throws {
        var anomaly = Samples.anomaly
        anomaly.event.score = number
        #expect(throws: WireError.self) { try Wire.encode(anomaly) }
        var header = Samples.header
        header.lossAfter = number
        #expect(throws: WireError.self) { try Wire.encode(header) }
        var report = Samples.report
        report.evidence["recall"] = number
        #expect(throws: WireError.self) { try Wire.encode(report) }
        #expect(throws: (any Error).self) {
            try SignedEnvelope(sealing: header, with: SigningKey())
        }
    }

    @Test("a number too large for a Double can not be read")
    func tooLargeNumbers() throws {
        for number in ["1e999", "-1e999"] {
            let text = Samples.anomalyText.replacing("9.5", with: number)
            #expect(throws: WireError.self) { try Wire.decode(AnomalyMessage.self, from: Data(text.utf8)) }
        }
    }

    @Test("a message over the limit is refused before it is parsed")
    func tooLarge() throws {
        let bytes = Data(repeating: UInt8(ascii: " "), count: Wire.maximumJSONBytes + 1)

        #expect(throws: WireError.tooLarge(bytes: 131_073, limit: 131_072)) {
            try Wire.decode(Presence.self, from: bytes)
        }
    }

    @Test("an error names the field, what was found and what is allowed")
    func messages() throws {
        func reason<Payload: Decodable>(_ type: Payload.Type, _ text: String) -> String? {
            do throws(WireError) {
                _ = try Wire.decode(type, from: Data(text.utf8))
                return nil
            } catch {
                return error.description
            }
        }
        #expect(
            reason(UpdateHeader.self, Samples.headerText.replacing("\"sequence\":12", with: "\"sequence\":0"))
                == #""sequence" is 0; allowed is 1 or more"#)
        #expect(
            reason(UpdateHeader.self, Samples.headerText.replacing("\"bytes\":10,", with: ""))
                == #"not a UpdateHeader: "bytes" is missing at plan"#)
        #expect(
            reason(
                ReleaseManifest.self,
                Samples.manifestText.replacing(#""origin":"ann","#, with: "").replacing(
                    #""round":7"#, with: #""round":0"#))
                == #""provenance" is round 0, 4 participants, and no origin; allowed is 1 or more of both, or who brought "#
                + "it in")
        #expect(
            reason(AgentState.self, Samples.stateText.replacing("c-4c73cb118243", with: "c-000000000000"))
                == #""cohort" is c-000000000000; allowed is c-4c73cb118243, its contract's"#)
    }

    @Test("values that contradict each other are refused")
    func contradictions() throws {
        func refuses<Payload: Codable & WireChecked>(_ payload: Payload, _ change: (inout Payload) -> Void) -> Bool {
            var payload = payload
            change(&payload)
            do throws(WireError) {
                try payload.check()
                return false
            } catch {
                return true
            }
        }
        #expect(refuses(Samples.offer) { $0.base = nil })
        #expect(refuses(Samples.offer) { $0.kind = .statistics })
        #expect(refuses(Samples.offer) { $0.settings.learningRate = .nan })
        #expect(refuses(Samples.offer) { $0.settings.epochs = 1001 })
        #expect(refuses(Samples.offer) { $0.base?.version.number = 0 })
        #expect(refuses(Samples.offer) { $0.base?.plan.bytes = 0 })
        #expect(refuses(Samples.manifest) { ($0.participants, $0.origin) = (0, nil) })
        #expect(refuses(Samples.manifest) { ($0.participants, $0.origin) = (0, "") })
        #expect(refuses(Samples.manifest) { $0.reverts = $0.model.version.digest })
        #expect(refuses(Samples.manifest) { $0.switchWhen = SwitchCondition() })
        #expect(refuses(Samples.manifest) { $0.switchWhen?.windows[0].days = [] })
        #expect(refuses(Samples.manifest) { $0.switchWhen?.windows[0].toMinute = 1320 })
        #expect(
            refuses(Samples.manifest) { manifest in
                let window = MaintenanceWindow(fromMinute: 0, toMinute: 1)
                manifest.switchWhen?.windows = Array(repeating: window, count: SwitchCondition.maximumWindows + 1)
            })
        #expect(refuses(Samples.desired) { $0.rollout = -1 })
        #expect(refuses(Samples.manifest) { $0.model.plan.chunkBytes = 131_073 })
        #expect(refuses(Samples.header) { $0.windows = -1 })
        #expect(refuses(Samples.anomaly) { $0.oldest = 43 })
        #expect(refuses(Samples.anomaly) { $0.event.contributions[0].observed = .infinity })
        #expect(refuses(Samples.anomaly) { $0.event.threshold = .nan })
        #expect(refuses(Samples.statistics) { $0.channels = [] })
        #expect(refuses(Samples.request) { $0.missing = "0" })
        #expect(refuses(Samples.request) { $0.missing = "0x" })
        #expect(refuses(Samples.state) { $0.contract.windowLength = 0 })
        #expect(refuses(Samples.state) { $0.outboxDepth = -1 })
        #expect(
            refuses(Samples.state) { state in
                state.contract.channels[1].name = "temperature"
                state.cohort = CohortID(of: state.contract)
            })
        #expect(
            refuses(Samples.state) { state in
                state.contract.channels[1].name = "a []\nchannel b"
                state.cohort = CohortID(of: state.contract)
            })
    }

    @Test("an anomaly is one flat object, without lists, channels by their share")
    func flatAnomaly() throws {
        let bytes = try Wire.encode(Samples.anomaly)

        #expect(!bytes.contains(UInt8(ascii: "[")))
        #expect(bytes.count { $0 == UInt8(ascii: "{") } == 1)
        let text = Samples.anomalyText.replacing("\"share.state\":0.25", with: "\"share.state\":0.9")
        let read = try Wire.decode(AnomalyMessage.self, from: Data(text.utf8))
        #expect(read.event.contributions.map(\.channel) == ["state", "temperature"])
        #expect(read.event.topChannel == "state")
    }

    @Test("a contract's cohort is named by its digest, the same in every version of Linnet")
    func cohort() {
        #expect(Samples.cohort.rawValue == "c-4c73cb118243")
        var other = Samples.contract
        other.channels.swapAt(0, 1)
        #expect(CohortID(of: other) != Samples.cohort)
        other = Samples.contract
        other.channels[1].unit = "V"
        #expect(CohortID(of: other) != Samples.cohort)
        other = Samples.contract
        other.intervalMilliseconds = 51
        #expect(CohortID(of: other) != Samples.cohort)
    }
}

/// The value that bytes are, if they are one.
private func readable<Payload: Decodable>(_ type: Payload.Type, _ bytes: Data) -> Payload? {
    do throws(WireError) { return try Wire.decode(type, from: bytes) } catch { return nil }
}
