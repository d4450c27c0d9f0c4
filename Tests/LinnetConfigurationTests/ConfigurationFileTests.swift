// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinnetConfiguration
import LinnetTestKit
import Testing

/// Reads `text` with `body`, and answers the problems that `finish()` or the reading itself throws.
func problems(in text: String, reading body: (ConfigurationSection) -> Void = { _ in }) -> [String] {
    do throws(ConfigurationProblems) {
        let file = try ConfigurationFile(text: text, name: "edge.yaml")
        body(file.root)
        try file.finish()
        return []
    } catch {
        return error.problems
    }
}

/// Reads one value of `text`, whether it is good or a placeholder, beside the problems it has.
func reading<Value>(_ text: String, _ body: (ConfigurationSection) -> Value) -> (value: Value?, problems: [String]) {
    var value: Value?
    let found = problems(in: text) { value = body($0) }
    return (value, found)
}

@Suite("Reading a configuration file")
struct ConfigurationFileTests {
    @Test("values of every kind are read, and absent keys take their defaults")
    func values() throws {
        let file = try ConfigurationFile(
            text: """
                agent: press-2
                window: {length: 8, maximumGap: 1.5s}
                learning:
                  hidden: [24, 8]
                  cpuShare: 2.5e-1
                  chunk: 64KiB
                ignored: []
                on: true
                devices:
                  - id: pump
                    columns: [a, "b"]
                  - id: "7"
                """, name: "edge.yaml")
        let root = file.root

        #expect(root.string("agent") == "press-2")
        let window = root.section("window")
        #expect(window.integer("length", in: 1...64) == 8)
        #expect(window.integer("stride", default: 4, in: 1...64) == 4)
        #expect(window.duration("maximumGap", in: .zero ... .seconds(60)) == .milliseconds(1500))
        let learning = root.section("learning")
        #expect(learning.integers("hidden", in: 1...1024) == [24, 8])
        #expect(learning.number("cpuShare", in: 0...1) == 0.25)
        #expect(learning.bytes("chunk", in: 1...1_000_000) == 65_536)
        #expect(root.strings("ignored", default: ["x"]) == [])
        #expect(root.boolean("on", default: false))
        #expect(root.optionalSection("broker") == nil)
        let devices = root.sections("devices")
        #expect(devices.map { $0.string("id") } == ["pump", "7"])
        #expect(devices[0].strings("columns") == ["a", "b"])
        #expect(devices[1].optionalString("columns") == nil)
        #expect(devices[1].path == "devices[1]")
        #expect(root.line(of: "learning") == 3)
        try file.finish()
    }

    @Test("every problem is reported at once, in the order of the file, with what was found and what is allowed")
    func everyProblem() {
        let found = problems(
            in: """
                agent: press-2
                window:
                  length: eight
                  stride: 0
                  lenth: 3
                detection: none
                broker:
                devices: {id: pump}
                reporting: {stateEvery: 5}
                """
        ) { root in
            _ = root.string("agent")
            let window = root.section("window")
            _ = window.integer("length", default: 8, in: 1...4096)
            _ = window.integer("stride", default: 4, in: 1...64)
            let detection = root.section("detection")
            _ = detection.number("falseAlarmsPerDay", in: 0...100)
            _ = root.string("state")
            _ = root.section("broker").string("host")
            _ = root.sections("devices")
            _ = root.section("reporting").duration("stateEvery", in: .seconds(1) ... .seconds(3600))
        }

        #expect(
            found == [
                #"edge.yaml:1: "state" is missing; it must be text"#,
                #"edge.yaml:3: "window.length" is "eight"; it must be a whole number between 1 and 4096"#,
                #"edge.yaml:4: "window.stride" is 0; it must be between 1 and 64"#,
                #"edge.yaml:5: "window.lenth" is not known here; known keys are "length", "stride""#,
                #"edge.yaml:6: "detection" is "none"; it must be a section: lines of `key: value`"#,
                #"edge.yaml:7: "broker.host" is missing; it must be text"#,
                #"edge.yaml:8: "devices" is a section of 1 key; it must be a list of sections, each starting with "-""#,
                #"edge.yaml:9: "reporting.stateEvery" is 5; it must be a duration between 1s and 1h "#
                    + #"(write 250ms, 30s, 5m, 2h or 7d)"#,
            ])
    }

    @Test("a misspelled key is told apart from an unknown one")
    func misspelled() {
        let found = problems(in: "detection: {raiseAftr: 3, colour: red}") { root in
            let detection = root.section("detection")
            _ = detection.integer("raiseAfter", default: 3, in: 1...10)
            _ = detection.integer("clearAfter", default: 8, in: 1...10)
        }

        #expect(
            found == [
                #"edge.yaml:1: "detection.raiseAftr" is not known here. Did you mean "raiseAfter"?"#,
                #"edge.yaml:1: "detection.colour" is not known here; known keys are "clearAfter", "raiseAfter""#,
            ])
    }

    @Test("a text outside the allowed ones is answered with the nearest of them")
    func allowedTexts() {
        let found = problems(in: "kind: simulatr\nmode: [x]") { root in
            #expect(root.string("kind", allowed: ["csv", "simulator", "host"]) == "csv")
            #expect(root.string("mode", default: "fast", allowed: ["fast", "slow"]) == "fast")
        }

        #expect(
            found == [
                #"edge.yaml:1: "kind" is "simulatr"; it must be one of "csv", "simulator", "host". "#
                    + #"Did you mean "simulator"?"#,
                #"edge.yaml:2: "mode" is a list of 1 item; it must be one of "fast", "slow""#,
            ])
    }

    @Test("a number that is not finite, not decimal or in quotes is refused")
    func numbers() {
        for text in ["1e999", "-1e999", "nan", ".nan", ".inf", "-.inf", "inf", "0x10", "1_000", "\"1\"", "1,5", "1:30"]
        {
            let (value, found) = reading("a: \(text)") { $0.number("a", in: 0...10) }
            #expect(value == 0)
            #expect(found.count == 1, "\(text)")
            #expect(found.first?.contains("it must be a number between 0 and 10") == true, "\(found)")
        }
        for text in ["1.0", "1e3", "99999999999999999999", "0b1", "+", "--1", "\"7\"", "~x"] {
            let (value, found) = reading("a: \(text)") { $0.integer("a", in: 1...10) }
            #expect(value == 1)
            #expect(found.count == 1, "\(text)")
        }
        #expect(reading("a: -3") { $0.integer("a", in: -5...5) } == (-3, []))
        #expect(reading("a: .5") { $0.number("a", in: 0...1) } == (0.5, []))
        #expect(
            problems(in: "a: 1e999") { _ = $0.number("a", in: 0...1.5) }
                == [#"edge.yaml:1: "a" is 1e999; it must be a number between 0 and 1.5"#])
    }

    @Test("a duration needs its unit, and fits its range")
    func durations() {
        let range: ClosedRange<Duration> = .milliseconds(1) ... .seconds(7 * 86_400)
        let cases: [(String, Duration)] = [
            ("250ms", .milliseconds(250)), ("30s", .seconds(30)), ("5m", .seconds(300)), ("2h", .seconds(7200)),
            ("7d", .seconds(7 * 86_400)), ("0.5h", .seconds(1800)), ("1 s", .seconds(1)),
        ]
        for (text, duration) in cases {
            #expect(reading("a: \(text)") { $0.duration("a", in: range) } == (duration, []), "\(text)")
        }
        for text in ["30", "s", "1w", "1e3s", "nans", "1e999d", "99999999999d", "-1s", "8d", "1s2", "[1s]"] {
            #expect(problems(in: "a: \(text)") { _ = $0.duration("a", in: range) }.count == 1, "\(text)")
        }
        #expect(
            problems(in: "a: 8d") { _ = $0.duration("a", in: range) }
                == [#"edge.yaml:1: "a" is 8d; it must be between 1ms and 7d"#])
    }

    @Test("bytes are read in decimal and binary units")
    func bytes() {
        for (text, bytes) in [
            ("64KiB", 65_536), ("10MB", 10_000_000), ("1.5MiB", 1_572_864), ("4096", 4096), ("9B", 9),
        ] {
            #expect(reading("a: \(text)") { $0.bytes("a", in: 1...1 << 40) } == (bytes, []), "\(text)")
        }
        for text in ["1KiBs", "0.3B", "1e30GiB", "999999999999GB", "many", "1 2KiB"] {
            #expect(problems(in: "a: \(text)") { _ = $0.bytes("a", in: 1...1 << 40) }.count == 1, "\(text)")
        }
        #expect(
            problems(in: "a: 1B") { _ = $0.bytes("a", in: 1024...131_072) }
                == [#"edge.yaml:1: "a" is 1B; it must be between 1KiB and 128KiB"#])
    }

    @Test("an item of a list is named by its place")
    func listItems() {
        let found = problems(in: "hidden:\n  - 24\n  - 0\n  - eight\nnames: [a, {b: c}]\nsizes: 3") { root in
            #expect(root.integers("hidden", in: 1...100) == [24])
            #expect(root.strings("names") == ["a"])
            #expect(root.integers("sizes", default: [1], in: 1...9) == [1])
        }

        #expect(
            found == [
                #"edge.yaml:3: "hidden[1]" is "0"; it must be a whole number between 1 and 100"#,
                #"edge.yaml:4: "hidden[2]" is "eight"; it must be a whole number between 1 and 100"#,
                #"edge.yaml:5: "names[1]" is a section of 1 key; it must be text"#,
                #"edge.yaml:6: "sizes" is "3"; it must be a list, each item a whole number between 1 and 100"#
                    .replacing("100", with: "9"),
            ])
    }

    @Test("only true and false are truth values")
    func booleans() {
        for text in ["yes", "on", "1", "True", "\"true\""] {
            let (value, found) = reading("a: \(text)") { $0.boolean("a", default: false) }
            #expect(value == false)
            #expect(found.first?.hasSuffix("it must be true or false") == true, "\(text)")
        }
    }

    @Test("a module's own check is reported beside the others")
    func ownCheck() {
        let found = problems(in: "window:\n  length: 4\n  stride: 9") { root in
            let window = root.section("window")
            let length = window.integer("length", in: 1...64)
            let stride = window.integer("stride", in: 1...64)
            if stride > length {
                window.problem("stride", "is \(stride); it must be at most \"window.length\" (\(length))")
            }
            window.problem("has no sense of humour")
        }

        #expect(
            found == [
                #"edge.yaml:1: "window" has no sense of humour"#,
                #"edge.yaml:3: "window.stride" is 9; it must be at most "window.length" (4)"#,
            ])
    }

    @Test("a key given twice is an error with its line")
    func duplicates() {
        #expect(
            problems(in: "a: 1\nport: 1\nport: 2")
                == [#"edge.yaml:2: "port" is given more than once in one section"#])
        #expect(
            problems(in: "a: 1\n1: 1\n\"1\": 2") == [#"edge.yaml:3: "1" is given more than once in one section"#])
    }

    @Test("text that is no YAML is an error with its line")
    func malformed() {
        #expect(
            problems(in: "a: 1\nb: [1, 2\nc: 3")
                == [
                    "edge.yaml:3: not YAML: while parsing a flow sequence: did not find expected ',' or ']'"
                ])
        #expect(problems(in: "a: \"x\n").first?.hasPrefix("edge.yaml:") == true)
        #expect(problems(in: "a: 1\nb: \u{1}") == ["edge.yaml:2: not YAML: control characters are not allowed"])
        #expect(problems(in: "a: 1\n---\nb: 2").first?.hasPrefix("edge.yaml:2: not YAML: ") == true)
        #expect(
            problems(in: "- 1\n- 2") == [
                "edge.yaml:1: the file is a list of 2 items; it must be a section: lines of `key: value`"
            ])
    }

    @Test("an empty file is a section without keys")
    func empty() {
        for text in ["", "# nothing\n", "~", "---\n"] {
            #expect(
                problems(in: text) { _ = $0.string("agent") } == [#"edge.yaml:1: "agent" is missing; it must be text"#])
        }
    }

    @Test("problems beyond a hundred are counted, not listed")
    func flood() {
        let found = problems(in: (0..<250).map { "key\($0): 1" }.joined(separator: "\n"))

        #expect(found.count == 101)
        #expect(found.last == "edge.yaml: and 150 problems more")
    }
}

@Suite("Finding a configuration file")
struct ConfigurationPathTests {
    @Test("relative paths are relative to the file's folder")
    func relativePaths() throws {
        let folder = try TemporaryDirectory("linnet-configuration")
        let path = folder.path("edge.yaml")
        try write("state: state\nca: /etc/ca.pem\nempty: \"\"\n", to: path)

        let file = try ConfigurationFile(path: path)

        #expect(file.root.resolvedPath("state") == folder.path("state"))
        #expect(file.root.resolvedPath("keys", default: "keys") == folder.path("keys"))
        #expect(file.root.resolvedPath("ca") == "/etc/ca.pem")
        _ = file.root.resolvedPath("empty")
        #expect(throws: ConfigurationProblems(problems: [#"\#(path):3: "empty" is ""; it must be a path"#])) {
            try file.finish()
        }
    }

    @Test("a file that can not be read is one clear problem")
    func unreadable() throws {
        let folder = try TemporaryDirectory("linnet-configuration")
        let missing = folder.path("edge.yaml")
        #expect(
            throws: ConfigurationProblems(problems: ["\(missing): can not be read: No such file or directory"])
        ) { try ConfigurationFile(path: missing) }

        let parent = folder.path("")
        #expect(throws: ConfigurationProblems(problems: ["\(parent): can not be read: it is not a regular file"])) {
            try ConfigurationFile(path: parent)
        }

        let pipe = folder.path("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(throws: ConfigurationProblems(problems: ["\(pipe): can not be read: it is not a regular file"])) {
            try ConfigurationFile(path: pipe)
        }

        let binary = folder.path("binary.yaml")
        try write([0x61, 0x3A, 0x20, 0xFF], to: binary)
        #expect(throws: ConfigurationProblems(problems: ["\(binary): can not be read: it is not UTF-8 text"])) {
            try ConfigurationFile(path: binary)
        }
    }

    @Test("a file over one mebibyte is refused")
    func tooLarge() throws {
        let folder = try TemporaryDirectory("linnet-configuration")
        let path = folder.path("edge.yaml")
        try write([UInt8](repeating: UInt8(ascii: "#"), count: 1_048_577), to: path)
        let expected = "\(path): larger than 1048576 bytes; this is no configuration file"

        #expect(throws: ConfigurationProblems(problems: [expected])) { try ConfigurationFile(path: path) }
        #expect(throws: ConfigurationProblems.self) {
            try ConfigurationFile(text: String(repeating: "#", count: 1_048_577), name: "edge.yaml")
        }
    }
}

func write(_ text: String, to path: String) throws { try write(Array(text.utf8), to: path) }

func write(_ bytes: [UInt8], to path: String) throws {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    try #require(file >= 0)
    defer { close(file) }
    #expect(bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) } == bytes.count)
}
