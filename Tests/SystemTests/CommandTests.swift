// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetTestKit
import Testing

extension SystemTests {
    @Suite("Commands")
    struct CommandTests {
        @Test("linnet --help names every command and what exit codes mean")
        func help() async throws {
            let program = try RunningProgram("linnet", ["--help"])

            #expect(try await program.end(within: .seconds(60)) == 0)
            for command in ["status", "agents", "rounds", "models", "anomalies", "audit", "quickstart", "69"] {
                #expect(program.said.contains(command))
            }
        }

        @Test(
            "a command without a coordinator says where it looked and what to do, and ends with 69",
            arguments: ["status", "agents", "rounds", "models", "anomalies", "audit"])
        func unreachable(command: String) async throws {
            let port = try Loopback.freePort()
            let program = try RunningProgram("linnet", [command, "--api", "http://127.0.0.1:\(port)"])

            #expect(try await program.end(within: .seconds(60)) == 69)
            #expect(program.said.isEmpty)
            #expect(program.complained.contains("no coordinator answers at http://127.0.0.1:\(port)"))
            #expect(program.complained.contains("linnet-coordinator run"))
        }

        @Test("the API is found by LINNET_API, and an option that is no address is a usage error")
        func addresses() async throws {
            let named = try RunningProgram("linnet", ["status"], environment: ["LINNET_API": "http://127.0.0.1:9"])
            #expect(try await named.end(within: .seconds(60)) == 69)
            #expect(named.complained.contains("http://127.0.0.1:9"))

            let wrong = try RunningProgram("linnet", ["status", "--api", "tcp:nowhere"])
            #expect(try await wrong.end(within: .seconds(60)) == 64)
            #expect(wrong.complained.contains("\"tcp:nowhere\" is no address of an API"))
        }

        @Test("--state without an api.json is told apart from a coordinator that does not answer")
        func state() async throws {
            let directory = try TemporaryDirectory()
            let program = try RunningProgram("linnet", ["status", "--state", directory.path])

            #expect(try await program.end(within: .seconds(60)) == 69)
            #expect(program.complained.contains("there is no api.json"))
        }

        @Test(
            "quickstart refuses what can not work before it starts anything",
            arguments: [
                (["--for", "30s"], "at least 60s"), (["--agents", "0"], "it must be 1 to 16"),
                (["--data", "/nowhere"], "there is no such folder"),
            ])
        func refusals(arguments: [String], words: String) async throws {
            let program = try RunningProgram("linnet", ["quickstart"] + arguments)

            #expect(try await program.end(within: .seconds(60)) == 64)
            #expect(program.complained.contains(words))
        }

        @Test("linnet-edge check names every problem of a file at once, and ends with 78")
        func brokenConfiguration() async throws {
            let directory = try TemporaryDirectory()
            let file = try directory.write(
                """
                agent: "no spaces please"
                window: {length: 0}
                learnin: {epochs: 3}
                broker: {host: broker.example, port: 1883, insecureLoopback: true}
                devices:
                  - id: pump
                    source: {kind: simulator, seed: 1, interval: 50ms}
                """, to: "edge.yaml")
            let program = try RunningProgram("linnet-edge", ["check", "--config", file])

            #expect(try await program.end(within: .seconds(60)) == 78)
            for words in ["agent", "window.length", "learnin", "learning", "insecureLoopback", "coordinator"] {
                #expect((program.complained + program.said).contains(words), "nothing about \(words)")
            }
        }

        @Test("linnet-coordinator check accepts a good file, and ends with 78 for a bad one")
        func coordinatorConfiguration() async throws {
            let directory = try TemporaryDirectory()
            let good = try directory.write(
                """
                state: state
                trustedAgents: trusted-agents
                broker: {host: 127.0.0.1, port: 1883, insecureLoopback: true}
                """, to: "good.yaml")
            let bad = try directory.write("state: state\nrounds: {every: soon}\n", to: "bad.yaml")

            #expect(
                try await RunningProgram("linnet-coordinator", ["check", "--config", good]).end(within: .seconds(60))
                    == 0)
            let program = try RunningProgram("linnet-coordinator", ["check", "--config", bad])
            #expect(try await program.end(within: .seconds(60)) == 78)
            #expect((program.complained + program.said).contains("rounds.every"))
        }
    }
}
