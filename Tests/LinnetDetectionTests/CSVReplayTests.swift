// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetDetection
import LinnetDomain
import LinnetNumerics
import LinnetTestKit
import Testing

@Suite("CSV replay")
struct CSVReplayTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func samples(
        _ text: String, limit: Int = 100, _ adjust: (inout CSVReplaySettings) -> Void = { _ in }
    ) async throws -> (channels: [String], samples: [Sample]) {
        var settings = CSVReplaySettings(path: try folder.write(text, to: "data.csv"))
        adjust(&settings)
        var replay = try CSVReplay(settings: settings, pacer: .immediate)
        var samples: [Sample] = []
        while samples.count < limit, let sample = try await replay.next() { samples.append(sample) }
        return (replay.channels.map(\.name), samples)
    }

    @Test("separator, time column and quotes are found", arguments: [",", ";", "\t", "|"])
    func separators(separator: String) async throws {
        let rows = [
            ["datetime", "\"a, b\"", "c"], ["2026-01-01 00:00:00", "1.5", "2"],
            ["2026-01-01T00:00:01.250Z", "-3e2", "4"],
        ]
        let (channels, samples) = try await samples(
            rows.map { $0.joined(separator: separator) }.joined(separator: "\r\n") + "\r\n"
        ) { $0.separator = separator.first }

        #expect(channels == ["a, b", "c"])
        #expect(samples.map(\.values) == [[1.5, 2], [-300, 4]])
        #expect(samples.map(\.time.milliseconds) == [1_767_225_600_000, 1_767_225_601_250])
    }

    @Test("missing cells are missing values", arguments: ["", "NaN", "NA", "null", "?", " "])
    func missing(cell: String) async throws {
        let (_, samples) = try await samples("t,a\n1,5\n2,\(cell)\n3,6\n")
        #expect(samples.count == 3 && samples[1].values[0].isNaN)
    }

    @Test("an error names file, line, column, and what was found")
    func errors() async throws {
        func message(_ text: String) async -> String {
            do {
                _ = try await samples(text)
                return "no error"
            } catch { return "\(error)".replacingOccurrences(of: folder.path, with: "") }
        }
        #expect(await message("t,a\n1,5\n2,five\n3,1\n").hasPrefix("/data.csv:3: column \"a\" is \"five\"; a channel"))
        #expect(await message("t,a\n1,5\n2\n3,1\n") == "/data.csv:3: 1 fields; the header has 2 columns")
        #expect(await message("t,a\nsoon,5\n").hasPrefix("/data.csv:2: column \"t\" is \"soon\"; a time is"))
        #expect(await message("t,a,a\n") == "/data.csv:1: column \"a\" stands there twice")
        #expect(await message("") == "/data.csv: the file is empty")
        #expect(await message("t,a\n1,2\n") == "/data.csv: fewer than two rows; there is nothing to replay")
    }

    @Test("labelled rows can be left out, and a loop begins again after a pause that no window spans")
    func labelsAndLoops() async throws {
        let (channels, samples) = try await samples("t,a,label,x\n0,1,0,q\n1,2,0,q\n2,3,1,q\n3,4,0,q\n", limit: 6) {
            $0.labelColumn = "label"
            $0.labelledRows = .skip
            $0.ignoredColumns = ["x"]
            $0.loops = true
            $0.speed = 2
            $0.time = .replayed(startingAt: Timestamp(milliseconds: 10_000))
        }
        #expect(channels == ["a"])
        #expect(samples.map { $0.values[0] } == [1, 2, 4, 1, 2, 4])
        let steps = zip(samples, samples.dropFirst()).map { $1.time.milliseconds(since: $0.time) }
        #expect(steps[0] == 500)
        #expect(steps[2] == 500 * CSVReplay.pauseIntervals)
    }

    @Test("L-8 a recording cut off at any byte, or with random bytes in it, ends in samples or in an error")
    func hostile() async throws {
        let whole = Array(
            "time;a;b\n2026-01-01 00:00:00;1;\"2\"\n2026-01-01 00:00:01;3;4\n2026-01-01 00:00:02;5;6\n".utf8)
        var generator = SeededGenerator(seed: 11)
        for length in 0...whole.count {
            for variant in 0..<3 {
                var bytes = Array(whole.prefix(length))
                if variant > 0, !bytes.isEmpty {
                    bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(
                        in: 0...255, using: &generator)
                }
                let path = folder.path("hostile.csv")
                try Data(bytes).write(to: URL(fileURLWithPath: path))
                do {
                    var replay = try CSVReplay(settings: CSVReplaySettings(path: path), pacer: .immediate)
                    while let sample = try await replay.next() {
                        #expect(sample.values.count == replay.channels.count)
                    }
                } catch { #expect(error is DetectionError, "\(error)") }
            }
        }
    }
}
