// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetTestKit
import Testing
import linnet

@Suite("A folder of recordings")
struct DataFolderTests {
    /// A header and rows a second apart; `row` is what follows the time.
    private func rows(_ header: String, _ row: String, count: Int = 250) -> String {
        let clock = (0..<count).map { String(format: "2026-01-01 00:%02d:%02d", $0 / 60, $0 % 60) }
        return ([header] + clock.map { $0 + row }).joined(separator: "\n") + "\n"
    }

    @Test("the largest group of files with one header is taken, and replays are spread over it")
    func largestGroup() throws {
        let directory = try TemporaryDirectory()
        for number in 1...6 {
            try directory.write(
                rows("datetime;flow;pressure;anomaly;changepoint", ";1.5;2;0;0"),
                to: "valve-\(number).csv")
        }
        try directory.write(rows("time,other", ",2"), to: "alone.csv")
        let folder = try DataFolder(reading: directory.path, replays: 3)

        #expect(folder.alike == 6)
        #expect(folder.others == 1)
        #expect(
            folder.recordings.map { URL(fileURLWithPath: $0.path).lastPathComponent } == [
                "valve-1.csv", "valve-3.csv", "valve-5.csv",
            ])
        #expect(Set(folder.recordings.map(\.device)).count == 3)
        #expect(folder.recordings.allSatisfy { $0.rows == 250 })
    }

    @Test("separator, time column, label column and columns that are no sensor are told from the header and some rows")
    func layout() throws {
        let directory = try TemporaryDirectory()
        try directory.write(
            rows("datetime;Volume Flow;note;anomaly;changepoint", ";1.5;ok;0;0"), to: "a.csv")
        let layout = try DataFolder(reading: directory.path, replays: 1).layout

        #expect(layout.separator == ";")
        #expect(layout.timestampColumn == "datetime")
        #expect(layout.labelColumn == "anomaly")
        #expect(layout.ignoredColumns == ["note", "changepoint"])
        #expect(layout.channels == ["Volume Flow"])
    }

    @Test("a column with missing cells is still a sensor")
    func missingCells() throws {
        let directory = try TemporaryDirectory()
        let body = (0..<300).map { $0.isMultiple(of: 2) ? "\($0),,3" : "\($0),2," }
        try directory.write("time,a,b\n" + body.joined(separator: "\n"), to: "a.csv")

        #expect(try DataFolder(reading: directory.path, replays: 1).layout.channels == ["a", "b"])
    }

    @Test(
        "a folder that can not be replayed is refused in one sentence",
        arguments: [
            ([:], 1, "no file that ends in .csv"),
            (["a.csv": "time,a\n1,2\n"], 1, "1 rows; at least 200 are needed"),
            (["a.csv": ""], 1, "0 rows"),
            (["a.csv": String(repeating: "1,2\n", count: 300)], 1, "the first line must name every column"),
            (["a.csv": String(repeating: "word\n", count: 300)], 1, "one column only"),
            (["a.csv": "time,a\n" + String(repeating: "1,2\n", count: 300)], 2, "take --agents 1 or fewer"),
            (["a.csv": "time,a\n" + String(repeating: "1,2\n", count: 300)], 1, "no two rows differ in time"),
        ] as [([String: String], Int, String)])
    func refusals(files: [String: String], agents: Int, words: String) throws {
        let directory = try TemporaryDirectory()
        for (name, text) in files { try directory.write(text, to: name) }

        let failure = #expect(throws: CommandFailure.self) {
            try DataFolder(reading: directory.path, replays: agents)
        }
        #expect(failure?.code == 64)
        #expect(failure?.description.contains(words) == true, "\(failure?.description ?? "no failure")")
    }

    @Test("bytes that are no text are refused or skipped, and never a trap")
    func noise() throws {
        let directory = try TemporaryDirectory()
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<5000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        try Data(bytes).write(to: directory.url.appendingPathComponent("noise.csv"))

        #expect(throws: CommandFailure.self) { try DataFolder(reading: directory.path, replays: 1) }
    }
}
