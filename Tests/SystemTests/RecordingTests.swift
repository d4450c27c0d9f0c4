// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetTestKit
import Testing

extension SystemTests {
    @Suite("Recordings")
    struct RecordingTests {
        @Test(
            "agents that replay recordings learn together, find every fault laid over them, and the run ends with 0",
            .enabled(if: MosquittoBroker.isAvailable, Comment(rawValue: MosquittoBroker.skipped)),
            .timeLimit(.minutes(8)))
        func replay() async throws {
            let directory = try TemporaryDirectory("linnet-recordings")
            for number in 1...3 { try directory.write(Self.recording(number), to: "pump-\(number).csv") }
            try directory.write("a;b\n1;2\n", to: "too-short.csv")
            let run = directory.path("run")
            let program = try RunningProgram(
                "linnet",
                ["quickstart", "--agents", "2", "--for", "75s", "--json", "--data", directory.path, "--directory", run])
            let code = try await program.end(within: .seconds(240))

            #expect(code == 0, "\(program.said)\n\(program.complained)")
            let (result, _) = try QuickstartResult.read(lastLineOf: program.said)
            #expect(result.rounds >= 3)
            #expect(result.faultsInjected >= 2)
            #expect(result.faultsDetected == result.faultsInjected)
        }

        /// Ten minutes of a pump at one row a second: four coupled channels, a slow cycle, noise from a fixed seed.
        private static func recording(_ number: Int) -> String {
            var generator = LinearCongruential(state: UInt64(number))
            var rows = ["time;speed;flow;pressure;temperature;anomaly"]
            for second in 0..<600 {
                let load = 0.5 + 0.4 * sin(Double(second) / 23 + Double(number))
                let speed = 1400 + 60 * load + 3 * generator.noise()
                let flow = 80 + 40 * load + 0.8 * generator.noise()
                let pressure = 5.2 - 1.4 * load + 0.03 * generator.noise()
                let temperature = 46 + 6 * load + 0.2 * generator.noise()
                let clock = String(format: "2026-01-01 10:%02d:%02d", second / 60, second % 60)
                rows.append("\(clock);\(speed);\(flow);\(pressure);\(temperature);0")
            }
            return rows.joined(separator: "\n") + "\n"
        }

        /// Enough chance for a recording, the same in every run.
        private struct LinearCongruential {
            var state: UInt64

            /// Roughly normal, mean 0, variance 1: the sum of twelve uniform numbers, less six.
            mutating func noise() -> Double {
                (0..<12).reduce(-6.0) { sum, _ in
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return sum + Double(state >> 11) * 0x1p-53
                }
            }
        }
    }
}
