// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetDetection
import LinnetDomain
import Testing

@Suite("Readings in messages")
struct MessageFieldsTests {
    private let fields = MessageFields(channels: [
        MessageChannel(channel: Channel(name: "pressure"), topic: "press/data", field: ["hydraulics", "pressure"]),
        MessageChannel(channel: Channel(name: "running"), topic: "press/data", field: ["running"]),
        MessageChannel(channel: Channel(name: "temperature"), topic: "press/temperature"),
    ])

    private func sample(_ payload: String, on topic: String = "press/data", time: [String] = []) throws -> Sample? {
        var fields = fields
        fields.timeField = time
        return try fields.sample(topic: topic, payload: Data(payload.utf8), arrival: Timestamp(milliseconds: 7))
    }

    @Test("topics are named once")
    func topics() { #expect(fields.topics == ["press/data", "press/temperature"]) }

    @Test("an object says several channels at once, and none that are not asked for")
    func object() throws {
        let sample = try #require(
            try sample(#"{"hydraulics": {"pressure": 210.5, "oil": 3}, "running": true, "list": [1, {"a": 2}]}"#))
        #expect(sample.time.milliseconds == 7)
        #expect(Array(sample.values[..<2]) == [210.5, 1] && sample.values[2].isNaN)
    }

    @Test("a payload may be the number", arguments: [("61.5", 61.5), ("\"-3\"", -3), ("false", 0), (" 1e2\n", 100)])
    func plain(payload: String, expected: Float) throws {
        let sample = try #require(try sample(payload, on: "press/temperature"))
        #expect(sample.values[2] == expected && sample.values[0].isNaN && sample.values[1].isNaN)
    }

    @Test("what is absent, null or beyond all measure is missing")
    func missing() throws {
        let sample = try #require(try sample(#"{"hydraulics": {"pressure": 1e300}, "running": 0}"#))
        #expect(sample.values[0].isNaN && sample.values[1] == 0)
        #expect(try self.sample(#"{"hydraulics": null}"#) == nil)
        #expect(try self.sample("{}") == nil)
        #expect(try self.sample("[1, 2]") == nil)
        #expect(try self.sample("1", on: "press/other") == nil)
    }

    @Test(
        "the message's own time counts",
        arguments: [
            (#""2026-01-01T00:00:01.250Z""#, 1_767_225_601_250), ("1767225601", 1_767_225_601_000),
            ("1767225601250", 1_767_225_601_250),
        ])
    func time(text: String, expected: Int64) throws {
        let sample = try sample(#"{"meta": {"t": \#(text)}, "running": 1}"#, time: ["meta", "t"])
        #expect(sample?.time.milliseconds == expected)
    }

    @Test(
        "what can not be read is an error that names the topic, and what was found",
        arguments: [
            ("pressure high", "neither a number nor JSON"), (#"{"running": "yes"}"#, "\"running\" is \"yes\""),
            (#"{"running": {"value": 1}}"#, "is an object"), ("", "neither a number nor JSON"),
        ])
    func unreadable(payload: String, expected: String) {
        do {
            _ = try sample(payload)
            Issue.record("no error for \(payload.prefix(40))")
        } catch { #expect("\(error)".hasPrefix("press/data: ") && "\(error)".contains(expected)) }
    }

    @Test("neither endless depth nor endless length is read", arguments: [("[", 60_000), ("1", 70_000)])
    func limits(text: String, count: Int) {
        #expect(throws: DetectionError.self) { try sample(String(repeating: text, count: count)) }
    }

    @Test("a message without the time that it should have is refused")
    func withoutTime() {
        #expect(throws: DetectionError.self) { try sample(#"{"running": 1}"#, time: ["t"]) }
        #expect(throws: DetectionError.self) { try sample(#"{"running": 1, "t": "soon"}"#, time: ["t"]) }
    }
}
