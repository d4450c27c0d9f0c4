// SPDX-License-Identifier: Apache-2.0

import LinnetConfiguration
import Testing

/// A small generator of its own, so that a failing case can be run again (SplitMix64).
private struct SeededBytes: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}

@Suite("Configuration files that are broken")
struct HostileConfigurationTests {
    private static let sample = """
        # An agent that watches one pump.
        agent: press-2
        state: "state"
        broker: {host: 127.0.0.1, port: 1883, insecureLoopback: true}
        window:
          length: 8
          maximumGap: 2s
        learning: {hidden: [24, 8], chunk: 64KiB, cpuShare: 0.25}
        note: |
          two lines
          of text
        anchored: &base {seed: 7}
        devices:
          - id: pump
            source: {kind: simulator, seed: 7, label: !!str 5, "quoted \\u00e9": 'x'}
          - id: fan
            source: *base
        """

    /// Reads all that the sample holds; what matters is that it comes back.
    private func readAll(_ text: String) {
        do throws(ConfigurationProblems) {
            let file = try ConfigurationFile(text: text, name: "edge.yaml")
            let root = file.root
            _ = root.string("agent")
            _ = root.resolvedPath("state")
            _ = BrokerConfiguration(reading: root.section("broker"))
            let window = root.section("window")
            _ = window.integer("length", in: 1...64)
            _ = window.duration("maximumGap", in: .zero ... .seconds(60))
            let learning = root.section("learning")
            _ = learning.integers("hidden", in: 1...64)
            _ = learning.bytes("chunk", in: 1...1_000_000)
            _ = learning.number("cpuShare", in: 0...1)
            _ = root.optionalString("note")
            _ = root.strings("anchored", default: [])
            for device in root.sections("devices") {
                _ = device.string("id")
                _ = device.section("source").string("kind", allowed: ["simulator", "csv"])
            }
            try file.finish()
        } catch {
            #expect(!error.problems.isEmpty)
            for problem in error.problems { #expect(problem.hasPrefix("edge.yaml")) }
        }
    }

    @Test("a file cut off at any byte gives values or problems, and never traps")
    func truncated() {
        let bytes = Array(Self.sample.utf8)
        for count in 0...bytes.count { readAll(String(decoding: bytes[..<count], as: UTF8.self)) }
    }

    @Test("a file with any byte changed gives values or problems, and never traps", arguments: [UInt64(1), 2, 3])
    func changed(seed: UInt64) {
        var generator = SeededBytes(state: seed)
        for _ in 0..<1500 {
            var bytes = Array(Self.sample.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            readAll(String(decoding: bytes, as: UTF8.self))
        }
    }

    @Test("random bytes give problems, and never trap", arguments: [UInt64(4), 5])
    func random(seed: UInt64) {
        var generator = SeededBytes(state: seed)
        let marks = Array("{}[]:,-#&*!|>'\"%@`?\n\t abc019~\\".utf8)
        for round in 0..<3000 {
            let count = Int.random(in: 0...200, using: &generator)
            let bytes = (0..<count).map { _ in
                // Half of them out of YAML's own marks, which get further into the parser.
                round.isMultiple(of: 2)
                    ? marks[Int.random(in: marks.indices, using: &generator)]
                    : UInt8.random(in: 0...255, using: &generator)
            }
            readAll(String(decoding: bytes, as: UTF8.self))
        }
    }

    @Test("values that nest too deeply are refused")
    func deep() {
        #expect(
            problems(in: "a:\n  " + String(repeating: "[", count: 20) + String(repeating: "]", count: 20))
                == ["edge.yaml:2: sections and lists lie more than 16 deep in each other"])
        #expect(problems(in: "a: " + String(repeating: "[", count: 100_000)).count == 1)
        #expect(problems(in: String(repeating: "- ", count: 100_000) + "x").count == 1)
        #expect(problems(in: String(repeating: "{a: ", count: 100_000)).count == 1)
    }

    @Test("aliases that multiply are refused")
    func aliasBomb() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...12 {
            let items = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(items)]\n"
        }
        #expect(problems(in: text).first?.hasSuffix("more than 100000 values in one file") == true)
    }
}
