// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import Testing

@Suite("Identifiers")
struct IdentifierTests {
    @Test("a name of letters, digits, dots, dashes and underscores is taken as it is")
    func allowed() throws {
        for name in ["a", "press-2", "PRESS_2.line-4", "_x", "-", "0", "_echo2", String(repeating: "x", count: 64)] {
            #expect(try AgentID(name).rawValue == name)
            #expect(DeviceID(rawValue: name)?.description == name)
        }
    }

    @Test(
        "a name that could mean something else in a topic, a path or a log is refused",
        arguments: [
            "", "a/b", "+", "#", "a b", "..", ".hidden", "a\n", "a\u{0}", "é", "e\u{301}", "٣", "a,b", "$SYS", "_echo",
            String(repeating: "x", count: 65), String(repeating: "🙂", count: 60),
        ])
    func refused(name: String) throws {
        #expect(AgentID(rawValue: name) == nil)
        #expect(throws: IdentifierError.self) { try CohortID(name) }
        let json = try JSONEncoder().encode([name])
        #expect(throws: (any Error).self) { try JSONDecoder().decode([DeviceID].self, from: json) }
    }

    @Test("an error says what is named, what was found and what is allowed")
    func messages() {
        #expect(
            IdentifierError.length(kind: "agent", found: 0).description
                == "a name of an agent has 1 to 64 characters; this one has 0")
        #expect(throws: IdentifierError.character(kind: "agent", name: "press/2", found: "/")) {
            try AgentID("press/2")
        }
        #expect(
            IdentifierError.character(kind: "device", name: "a b", found: " ").description
                == #""a b" is not a name of a device: " " is not allowed here (use A-Z a-z 0-9 . _ -)"#)
        #expect(
            IdentifierError.taken(kind: "agent", name: "_echo").description
                == #""_echo" is not a name of an agent: Linnet keeps it for its own use"#)
    }

    @Test("names are written as plain strings and sort by their characters")
    func codable() throws {
        let agents = try ["b", "a", "B"].map { try AgentID($0) }

        #expect(agents.sorted().map(\.rawValue) == ["B", "a", "b"])
        #expect(String(decoding: try JSONEncoder().encode(agents), as: UTF8.self) == #"["b","a","B"]"#)
        #expect(try JSONDecoder().decode([AgentID].self, from: Data(#"["b","a","B"]"#.utf8)) == agents)
    }
}

@Suite("ULIDs")
struct ULIDTests {
    /// Counts up, so that the random part is known.
    private struct Counter: RandomNumberGenerator {
        var state: UInt64 = 0
        mutating func next() -> UInt64 {
            state += 1
            return state << 59
        }
    }

    @Test("an id is 48 bits of time in base 32 before 80 random bits")
    func golden() {
        var generator = Counter()
        let id = ULID(at: Timestamp(milliseconds: 1_469_918_176_385), using: &generator)

        // 01ARYZ6S41 is the time part of the specification's example, 1469918176385.
        #expect(id.text.hasPrefix("01ARYZ6S41"))
        #expect(id.text.utf8.count == 26)
        #expect(ULID(id.text) == id)
        #expect(id.time == Timestamp(milliseconds: 1_469_918_176_385))
    }

    @Test("ids sort by the time they were made at")
    func sortable() {
        var generator = SystemRandomNumberGenerator()
        let times: [Int64] = [.min, -1, 0, 1, 31, 32, 1_767_225_600_000, 1_767_225_600_001, (1 << 48) - 1]
        let ids = times.map { ULID(at: Timestamp(milliseconds: $0), using: &generator) }

        #expect(ids[3...].sorted() == Array(ids[3...]))
        #expect(ids[0].text.hasPrefix("0000000000"))
        #expect(ids[8].text.hasPrefix("7ZZZZZZZZZ"))
        #expect(ULID(at: Timestamp(milliseconds: .max), using: &generator).text.utf8.count == 26)
    }

    @Test("ten thousand ids of one millisecond are all different")
    func unique() {
        var generator = SystemRandomNumberGenerator()
        let time = Timestamp(milliseconds: 1_767_225_600_000)

        #expect(Set((0..<10_000).map { _ in ULID(at: time, using: &generator) }).count == 10_000)
    }

    @Test(
        "text that is no id is refused",
        arguments: [
            "", "01ARYZ6S41", "01ARYZ6S41TSV4RRFFQ69G5FAI", "01aryz6s41tsv4rrffq69g5fav", "é1ARYZ6S41TSV4RRFFQ69G5FA",
        ])
    func refused(text: String) {
        #expect(ULID(text) == nil)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(ULID.self, from: JSONEncoder().encode(text))
        }
    }
}
