// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import LinnetDetection
import LinnetNN
import LinnetNumerics

/// `linnet models families`: what kinds of models there are, how large and how fast they are, and what they are good for.
struct ModelFamiliesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "families", abstract: "Show the kinds of models: size, cost of a window, what each is good for.",
        discussion: """
            Sizes are those of a family's defaults for windows of the given shape. Times are measured on this machine, one \
            window at a time on one thread, the fastest of several runs. No coordinator is asked.
            """)

    @Option(help: "Channels of a sample.")
    var channels = 8

    @Option(help: "Samples of a window.")
    var window = 12

    @Flag(help: "Print JSON, one object.")
    var json = false

    func validate() throws {
        guard (1...4096).contains(channels) else {
            throw ValidationError("--channels is \(channels); it must be 1 to 4096")
        }
        guard (1...4096).contains(window), channels * window <= 16_384 else {
            throw ValidationError("--window is \(window); it must be at least 1, and a window at most 16384 values")
        }
    }

    func run() throws {
        BLAS.useOneThread()
        let entries = try ModelCatalogue.entries(length: window, channels: channels, timing: Self.microseconds)
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            return Report.show(
                json: try encoder.encode(Catalogue(channels: channels, window: window, families: entries)))
        }
        Report.show(Self.lines(entries, on: .standardOutput()))
    }

    /// What `--json` prints.
    private struct Catalogue: Encodable {
        var channels: Int
        var window: Int
        var families: [ModelCatalogue.Entry]
    }

    private static func lines(_ entries: [ModelCatalogue.Entry], on terminal: Terminal) -> [String] {
        var table = Table(
            "FAMILY", .right("PARAMETERS"), .right("MULTIPLY-ADDS"), .right("µS/WINDOW"), "GOOD FOR")
        for entry in entries {
            table.add(
                .init(entry.name, entry.isNetwork ? .plain : .note), .init(HumanText.count(entry.parameters)),
                .init(entry.multiplyAdds.map(HumanText.count) ?? "–"),
                .init(entry.microsecondsPerWindow.map { String(format: "%.1f", $0) } ?? "–"), .init(entry.purpose))
        }
        return table.lines(on: terminal)
    }

    /// The fastest of five runs of as many calls as take a millisecond or so.
    private static func microseconds(_ call: () -> Void) -> Double {
        let clock = ContinuousClock()
        call()
        let once = max(clock.measure(call) / .microseconds(1), 0.1)
        let calls = max(1, Int(min(10_000, 1000 / once)))
        return (0..<5).map { _ in
            clock.measure { for _ in 0..<calls { call() } } / .microseconds(1) / Double(calls)
        }.min() ?? once
    }
}
