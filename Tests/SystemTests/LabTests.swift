// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetNumerics
import LinnetTestKit
import Testing

extension SystemTests {
    @Suite("The lab")
    struct LabTests {
        /// The sample configurations that come with Linnet.
        private static let samples = URL(fileURLWithPath: LinnetPrograms.scripts).deletingLastPathComponent()
            .appendingPathComponent("Edge/models").path

        private static let names = ["dense", "convolutional", "lstm", "variational", "usad", "gan", "deep-belief"]

        /// Three channels that go together; from row `fault` on, one leaves its place.
        private static func recording(rows: Int, seed: UInt64, fault: Int? = nil) -> String {
            var generator = SeededGenerator(seed: seed)
            var text = "datetime;flow;pressure;heat;anomaly;changepoint\n"
            for row in 0..<rows {
                let phase = Double(row % 20) / 10 - 1
                let isFaulty = fault.map { row >= $0 } ?? false
                let values = [30 + 4 * abs(phase), 2 + phase + (isFaulty ? 5 : 0), 70 - 6 * abs(phase)]
                let cells = values.map { String(format: "%.4f", $0 + 0.1 * generator.gaussian()) }
                let time = String(format: "2026-01-01 %02d:%02d:%02d", row / 3600, row / 60 % 60, row % 60)
                text += "\(time);\(cells.joined(separator: ";"));\(isFaulty ? 1 : 0);0\n"
            }
            return text
        }

        private func run(_ arguments: String...) async throws -> RunningProgram {
            let program = try RunningProgram("linnet", arguments)
            let code = try await program.end(within: .seconds(180))
            #expect(code == 0, "\(arguments): \(program.complained)")
            return program
        }

        @Test(
            "a recording is trained on, scored, described and exported from each sample configuration", arguments: names
        )
        func whole(_ name: String) async throws {
            let folder = try TemporaryDirectory("linnet-lab")
            let normal = try folder.write(Self.recording(rows: 700, seed: 1), to: "normal.csv")
            let today = try folder.write(Self.recording(rows: 400, seed: 2, fault: 300), to: "today.csv")
            let (model, scores) = (folder.path("model.safetensors"), folder.path("scores.csv"))

            let trained = try await run(
                "train", "--config", "\(Self.samples)/\(name).yaml", "--input", normal, "--output", model, "--curve",
                folder.path("curve.svg"))
            #expect(trained.said.contains("trained on"))
            #expect(try String(contentsOfFile: folder.path("curve.svg"), encoding: .utf8).hasPrefix("<svg"))

            let explained = folder.path("alarms.json")
            _ = try await run(
                "score", "--model", model, "--input", today, "--output", scores, "--explain", explained)
            let lines = try String(contentsOfFile: scores, encoding: .utf8).split(separator: "\n")
            #expect(lines.count == 401)
            #expect(lines[0] == "datetime,score,pred,threshold,alarm,channel")
            #expect(lines[1].hasPrefix("2026-01-01 00:00:00,"))
            let alarmed = lines.dropFirst().enumerated().filter { $0.element.split(separator: ",")[2] == "1" }
            #expect(alarmed.filter { $0.offset < 300 }.count <= 30)
            #expect(alarmed.filter { $0.offset >= 300 }.count > 60)
            #expect(lines[390].hasSuffix("firing,pressure"))
            #expect(try String(contentsOfFile: explained, encoding: .utf8).contains("\"pressure\""))

            #expect(try await run("describe", model).said.contains("flow, pressure, heat"))
            let version = folder.path("version.safetensors")
            _ = try await run(
                "export", "--model", model, "--output", folder.path("model.onnx"), "--format", "onnx")
            let small = try await run(
                "export", "--model", model, "--output", version, "--dtype", "i8", "--input", today)
            #expect(small.said.contains("changed sides"))
            #expect(try await run("describe", version).said.contains("a model version"))
        }

        @Test("what can not be trained or scored is told in a sentence, with the exit code that a script can read")
        func refusals() async throws {
            let folder = try TemporaryDirectory("linnet-lab")
            let normal = try folder.write(Self.recording(rows: 200, seed: 1), to: "normal.csv")
            let config = try folder.write(
                "model: {family: lstmm, units: 3}\nwindow: {length: 0}\ntraining: {epochz: 3, schedule: sine}\n",
                to: "bad.yaml")
            func refused(_ arguments: String...) async throws -> (Int32, String) {
                let program = try RunningProgram("linnet", arguments)
                return (try await program.end(within: .seconds(60)), program.complained)
            }
            let output = folder.path("m.safetensors")
            let wrong = try await refused("train", "--config", config, "--input", normal, "--output", output)
            #expect(wrong.0 == 64)
            for words in [
                "\"model.family\"", "\"window.length\" is 0", "\"training.epochz\" is not known",
                "\"training.schedule\"",
            ] {
                #expect(wrong.1.contains(words), "\(wrong.1)")
            }
            let missing = try await refused("score", "--model", normal, "--input", normal, "--output", output)
            #expect(missing.0 == 66)
            #expect(!FileManager.default.fileExists(atPath: output))
        }
    }
}
