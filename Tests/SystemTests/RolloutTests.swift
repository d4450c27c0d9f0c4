// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetDetection
import LinnetDomain
import LinnetNN
import LinnetNumerics
import LinnetSimulation
import LinnetTestKit
import Testing

extension SystemTests {
    @Suite("Rollouts")
    struct RolloutTests {
        /// What `linnet rollout status N --json` says, as far as it is looked at.
        private struct Status: Decodable {
            struct Rollout: Decodable {
                let number: Int
                let phase: String
                let stage: Int
                let reason: String?
            }
            struct Counts: Decodable { let succeeded: Int, failed: Int, waiting: Int }
            let rollout: Rollout
            let counts: Counts
        }

        private struct Models: Decodable {
            struct Model: Decodable {
                struct Version: Decodable { let number: Int }
                let cohort: String
                let version: Version
                let parent: Version?
                let participants: [String]
                let quarantine: String?
            }
            let models: [Model]
        }

        private struct Agents: Decodable {
            struct Agent: Decodable {
                struct Version: Decodable { let number: Int }
                let id: String
                let cohort: String?
                let active: Version?
            }
            let agents: [Agent]
        }

        /// Versions that must not leave the first stage, and what names the gate that stops each.
        private static let bad: [(kind: CandidateKind, gate: String)] = [
            (.alarming, "error ratio"), (.blind, "self-test: "), (.slow, "scoring time ratio"),
            (.wrongScaler, "its scaler is"),
        ]

        private static let plan = [
            "--stages", "1,all", "--soak", "2s", "--errors", "0%", "--silent", "0%", "--success", "100%", "--timeout",
            "120s", "--shadow-windows", "10", "--start", "--json",
        ]

        /// Runs one command against the fleet.
        private func ask(_ arguments: [String], _ state: String, code expected: Int32? = 0) async throws -> Data {
            let program = try RunningProgram("linnet", arguments + ["--state", state])
            let code = try await program.end(within: .seconds(200))
            if let expected { #expect(code == expected, "\(arguments): \(program.said)\(program.complained)") }
            return Data(program.said.utf8)
        }

        private func status(_ number: Int, _ state: String) async throws -> Status {
            // The last one shown is that of the end.
            let said = try await ask(["rollout", "status", "\(number)", "--watch", "--json"], state, code: nil)
            let last = String(decoding: said, as: UTF8.self).split(separator: "\n").last ?? ""
            return try JSONDecoder().decode(Status.self, from: Data(last.utf8))
        }

        private func models(_ state: String) async throws -> [Models.Model] {
            try JSONDecoder().decode(Models.self, from: try await ask(["models", "--json"], state)).models
        }

        /// Waits for a version that several machines have trained.
        private func trained(_ state: String, above number: Int) async throws -> (cohort: String, number: Int) {
            for _ in 0..<90 {
                let newest = try await models(state).first {
                    $0.parent != nil && $0.participants.count > 1 && $0.version.number > number
                }
                if let newest { return (newest.cohort, newest.version.number) }
                try await Task.sleep(for: .seconds(1))
            }
            throw TestKitError("no version above \(number) was made")
        }

        private func versions(of cohort: String, _ state: String) async throws -> Set<Int> {
            let agents = try JSONDecoder().decode(Agents.self, from: try await ask(["agents", "--json"], state)).agents
            return Set(agents.filter { $0.cohort == cohort }.map { $0.active?.number ?? -1 })
        }

        private static func spoil(_ file: String, _ change: (inout ModelArtifact) -> Void) throws -> Data {
            var model = try ModelArtifact(parsing: Data(contentsOf: URL(fileURLWithPath: file)))
            change(&model)
            return model.encoded()
        }

        @Test(
            """
            a good version reaches the fleet in stages; one that alarms, one that sees no fault, one that is slow and one with a wrong scaler never \
            leave the first stage: the agents are back on the good one, and the reason names the gate; one of NaN is not \
            taken at all, one from the lab is, if its signals are the cohort's
            """,
            .enabled(if: MosquittoBroker.isAvailable, Comment(rawValue: MosquittoBroker.skipped)),
            .timeLimit(.minutes(12)))
        func goodAndSpoilt() async throws {
            let directory = try TemporaryDirectory("linnet-rollouts")
            let run = directory.path("run")
            let state = run + "/coordinator/state"
            let fleet = try RunningProgram(
                "linnet", ["quickstart", "--agents", "4", "--for", "900s", "--releases", "manual", "--directory", run])
            try #require(await fleet.says("is online", within: .seconds(60)), "\(fleet.said)\(fleet.complained)")

            let first = try await trained(state, above: 0)
            let cohort = ["--cohort", first.cohort]
            _ = try await ask(["rollout", "plan", "\(first.number)"] + cohort + Self.plan, state)
            let succeeded = try await status(1, state)
            #expect(succeeded.rollout.phase == "succeeded", "\(succeeded)")
            #expect(succeeded.counts.succeeded == 3)
            #expect(try await versions(of: first.cohort, state) == [first.number])

            let good = directory.path("good.safetensors")
            _ = try await ask(["models", "export", "\(first.number)", "--to", good] + cohort, state)
            for (number, bad) in Self.bad.enumerated() {
                let path = directory.path("\(bad.kind.rawValue).safetensors")
                try Self.spoil(good) { $0 = bad.kind.applied(to: $0, slowness: 60) }.write(
                    to: URL(fileURLWithPath: path))
                let brought = try await ask(["models", "import", path, "--json"] + cohort, state)
                let version = try JSONDecoder().decode(Models.Model.Version.self, from: brought).number
                _ = try await ask(
                    ["rollout", "plan", "\(version)", "--scoring-ratio", "4"] + cohort + Self.plan, state)
                let ended = try await status(number + 2, state)
                #expect(ended.rollout.phase == "rolledBack" && ended.rollout.stage == 0, "\(bad.kind): \(ended)")
                #expect(ended.counts.waiting == 2, "\(bad.kind): \(ended)")
                #expect(ended.rollout.reason?.contains(bad.gate) == true, "\(ended)")
                #expect(try await models(state).first { $0.version.number == version }?.quarantine != nil)
                let isBack = try await eventually {
                    try await versions(of: first.cohort, state) == [first.number]
                }
                #expect(isBack, "\(bad.kind)")
            }
            let broken = directory.path("nan.safetensors")
            try Self.spoil(good) { $0.parameters[0] = .nan }.write(to: URL(fileURLWithPath: broken))
            let refused = try RunningProgram("linnet", ["models", "import", broken, "--state", state] + cohort)
            #expect(try await refused.end(within: .seconds(60)) == 1)
            #expect(refused.complained.contains("not finite"), "\(refused.complained)")
            try await fromTheLab(directory, cohort: cohort, rollout: Self.bad.count + 2, state)
            #expect(fleet.isRunning)
        }

        /// A model that was chosen and trained in the lab, on a recording of another machine of the kind, reaches the fleet.
        private func fromTheLab(
            _ directory: TemporaryDirectory, cohort: [String], rollout: Int, _ state: String
        ) async throws {
            let recording = try directory.write(Self.recording(seed: 4711, rows: 3000), to: "normal.csv")
            let (tuned, model) = (directory.path("tuned.yaml"), directory.path("pump.safetensors"))
            try await lab("tune", "--input", recording, "--output", tuned, "--window", "8", "--budget", "5s")
            try await lab(
                "train", "--config", tuned, "--input", recording, "--output", directory.path("tuned.safetensors"))
            // What is found within seconds depends on the machine; what reaches the fleet is the network that agents learn.
            let config = try directory.write(
                "model: {family: denseAutoencoder, hidden: [24, 8]}\nwindow: {length: 8, stride: 4}\n", to: "pump.yaml")
            try await lab("train", "--config", config, "--input", recording, "--output", model)

            // Of other channels it is not taken in, and the refusal names what is there and what is wanted.
            let renamed = try directory.write(
                Self.recording(seed: 4711, rows: 600).replacingOccurrences(of: "flow", with: "level"), to: "other.csv")
            let other = directory.path("other.safetensors")
            try await lab("train", "--config", config, "--input", renamed, "--output", other)
            let refused = try RunningProgram("linnet", ["models", "import", other, "--state", state] + cohort)
            #expect(try await refused.end(within: .seconds(60)) == 1)
            #expect(refused.complained.contains("level, every 50 ms, windows of 8"), "\(refused.complained)")
            #expect(refused.complained.contains("flow [l/min], every 50 ms, windows of 8"), "\(refused.complained)")

            let brought = try await ask(["models", "import", model, "--json"] + cohort, state)
            let version = try JSONDecoder().decode(Models.Model.Version.self, from: brought).number
            _ = try await ask(["rollout", "plan", "\(version)", "--scoring-ratio", "off"] + cohort + Self.plan, state)
            let ended = try await status(rollout, state)
            #expect(ended.rollout.phase == "succeeded" && ended.counts.succeeded == 3, "\(ended)")
        }

        private func lab(_ arguments: String...) async throws {
            let program = try RunningProgram("linnet", arguments)
            #expect(try await program.end(within: .seconds(200)) == 0, "\(arguments): \(program.complained)")
        }

        /// What a simulated machine reads twenty times a second, as the fleet's do.
        private static func recording(seed: UInt64, rows: Int) throws -> String {
            let settings = MachineSettings(
                seed: seed, intervalMilliseconds: 50, timeScale: 20,
                epoch: Timestamp(milliseconds: 1_780_000_000_000))
            let machine = try MachineSimulator(settings: settings, pacer: .immediate)
            let header = MachineSimulator.channels.map(\.name)
            let lines = (1...rows).map { row in
                let sample = machine.sample(at: settings.epoch.adding(milliseconds: Int64(row) * 50))
                return (["\(sample.time.milliseconds)"] + sample.values.map { "\($0)" }).joined(separator: ",")
            }
            return ((["time"] + header).joined(separator: ",")) + "\n" + lines.joined(separator: "\n") + "\n"
        }
    }
}
