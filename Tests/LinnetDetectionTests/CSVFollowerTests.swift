// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetDetection
import LinnetDomain
import LinnetTestKit
import Testing

@Suite("Following a CSV file")
struct CSVFollowerTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func follower(_ text: String, interval: Int = 1) throws -> CSVFollower {
        let path = try folder.write(text, to: "log.csv")
        return try CSVFollower(
            settings: CSVReplaySettings(path: path), intervalMilliseconds: interval,
            clock: WallClock { Timestamp(milliseconds: 42) })
    }

    private func append(_ text: String) throws {
        let file = try #require(FileHandle(forWritingAtPath: folder.path + "/log.csv"))
        try file.seekToEnd()
        try file.write(contentsOf: Data(text.utf8))
        try file.close()
    }

    @Test("only rows that are written after the start are read, with their own times")
    func tail() async throws {
        var rows = try follower("t,a,b\n1,5,6\n2,7,8\n")
        #expect(rows.channels.map(\.name) == ["a", "b"] && rows.intervalMilliseconds == 1)
        try append("3,9,10\n4,11,\n")

        let first = try #require(await rows.next())
        #expect(first.time.milliseconds == 3000 && first.values == [9, 10] && !first.followsGap)
        let second = try #require(await rows.next())
        #expect(second.values[0] == 11 && second.values[1].isNaN)
    }

    @Test("a row that is half written waits for its end")
    func partial() async throws {
        var rows = try follower("t,a\n1,5\n2,6")
        try append("7\n3,8")
        #expect(try await rows.next()?.values == [67])
        try append("9\n")
        #expect(try await rows.next()?.values == [89])
    }

    @Test("rows without a time have that of their reading")
    func arrivalTime() async throws {
        var rows = try follower("a,b\n1,2\n")
        try append("3,4\n")
        #expect(try await rows.next()?.time.milliseconds == 42)
    }

    @Test("a file that is much longer than what is looked at is followed from its last row")
    func longFile() async throws {
        let recorded = (1...20_000).map { "\($0),\($0)\n" }.joined()
        var rows = try follower("t,a\n" + recorded)
        try append("20001,-1\n")
        #expect(try await rows.next()?.values == [-1])
    }

    @Test("a new file under the same name is read from its first row, behind a gap", arguments: [true, false])
    func rotation(isMoved: Bool) async throws {
        let path = folder.path + "/log.csv"
        var rows = try follower("t,a\n1,1\n2,2\n3,3\n")
        if isMoved { try FileManager.default.moveItem(atPath: path, toPath: path + ".1") }
        try Data("t,a\n".utf8).write(to: URL(fileURLWithPath: path))
        try append("9,90\n")

        let sample = try #require(await rows.next())
        #expect(sample.values == [90] && sample.followsGap)
        try append("10,91\n")
        #expect(try await rows.next()?.followsGap == false)
    }

    @Test("a new file with other columns ends in an error that names both")
    func otherColumns() async throws {
        var rows = try follower("t,a\n1,1\n2,2\n3,3\n4,4\n")
        _ = try folder.write("t,b\n", to: "log.csv")
        await #expect(throws: (any Error).self) { _ = try await rows.next() }
        do { _ = try await rows.next() } catch {
            #expect("\(error)".contains("has the channels b; it had a"))
        }
    }

    @Test("a file without a header, or none at all, says so")
    func noHeader() throws {
        #expect(throws: DetectionError.self) { try follower("") }
        #expect(throws: DetectionError.self) { try follower("t,a") }
        let missing = CSVReplaySettings(path: folder.path + "/none.csv")
        #expect(throws: DetectionError.self) { try CSVFollower(settings: missing, intervalMilliseconds: 1) }
    }
}
