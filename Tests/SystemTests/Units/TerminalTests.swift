// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import Testing
import linnet

@Suite("What a person reads")
struct TerminalTests {
    private let plain = Terminal(isInteractive: false, showsColours: false)
    private let colourful = Terminal(isInteractive: true, showsColours: true)

    @Test("columns are as wide as their widest cell, numbers lean to the right, the last column is not padded")
    func columns() {
        var table = Table("AGENT", .right("WINDOWS"), "WHY")
        table.add("press-2", "1,204", "")
        table.add("p", "7", "because")

        #expect(
            table.lines(on: plain) == [
                "AGENT    WINDOWS  WHY",
                "press-2    1,204  ",
                "p              7  because",
            ])
    }

    @Test("a cell can not steer the terminal or break the line")
    func controlCharacters() {
        var table = Table("A")
        table.add(.init("x\u{1B}[2J\ny"))

        #expect(table.lines(on: colourful).last == "x [2J y")
    }

    @Test("colours take no room, and are left out where they can not be shown")
    func colours() {
        var table = Table("A", "B")
        table.add(.init("ok", .good), "x")

        #expect(table.lines(on: colourful)[1] == "\u{1B}[32mok\u{1B}[0m  x")
        #expect(table.lines(on: plain)[1] == "ok  x")
    }

    @Test(
        "times are told in the largest unit that says enough",
        arguments: [
            (-60_000, "in 60 s"), (0, "just now"), (12_400, "12 s ago"), (180_000, "3 min ago"), (7_200_000, "2 h ago"),
            (5 * 86_400_000, "5 d ago"),
        ] as [(Int64, String)])
    func ago(milliseconds: Int64, words: String) {
        let now = Timestamp(milliseconds: 1_767_225_600_000)

        #expect(HumanText.ago(now.adding(milliseconds: -milliseconds), now: now) == words)
    }

    @Test("numbers keep as many digits as say something, and what is no number is a dash")
    func numbers() {
        #expect(HumanText.number(0.03125) == "0.0312")
        #expect(HumanText.number(4.7123) == "4.71")
        #expect(HumanText.number(1234.5) == "1234")
        #expect(HumanText.number(.nan) == "–")
        #expect(HumanText.number(nil) == "–")
        #expect(HumanText.count(1_234_567) == "1,234,567")
        #expect(HumanText.count(-1234) == "-1,234")
        #expect(HumanText.bytes(20 << 20) == "20.0 MiB")
        #expect(HumanText.sparkline([3, 2, .nan, 1]) == "█▅▁")
        #expect(HumanText.bar(.nan, of: 1, width: 3) == "···")
        #expect(HumanText.bar(5, of: 1, width: 3) == "███")
    }

    @Test("a length of time is digits and one unit", arguments: [("90", 90), ("90s", 90), ("2m", 120), ("1h", 3600)])
    func spans(text: String, seconds: Int) {
        #expect(Span(argument: text)?.seconds == seconds)
    }

    @Test(
        "what is no length of time is refused",
        arguments: ["", "s", "1.5m", "-3s", "5 s", "2w", "99999999999999999999s"])
    func noSpans(text: String) {
        #expect(Span(argument: text) == nil)
    }
}
