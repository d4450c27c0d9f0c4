// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import LinnetTestKit
import Testing

extension SystemTests {
    @Suite("Chaos")
    struct ChaosTests {
        @Test(
            """
            L-2 no event is lost and none is stored twice when broker, agent and coordinator are each killed with -9 while \
            faults are injected, over TLS
            """,
            .enabled(if: MosquittoBroker.isAvailable, Comment(rawValue: MosquittoBroker.skipped)),
            .timeLimit(.minutes(8)))
        func killEachOnce() async throws {
            let directory = try TemporaryDirectory("linnet-chaos")
            let run = directory.path("run")
            let program = try RunningProgram(
                "linnet", ["quickstart", "--agents", "3", "--for", "90s", "--tls", "--json", "--directory", run])

            try #require(await program.says("fault injected into machine-1", within: .seconds(100)), "\(program.said)")
            try await killOnce("broker", in: run, of: program) { $0.broker }
            try await killOnce("agent-1", in: run, of: program) { $0.agents["agent-1"] }
            try await killOnce("coordinator", in: run, of: program) { $0.coordinator }
            let code = try await program.end(within: .seconds(240))

            #expect(code == 0, "\(program.said)\n\(program.complained)\(Self.logs(in: run))")
            let (result, keys) = try QuickstartResult.read(lastLineOf: program.said)
            #expect(keys == QuickstartResult.keys)
            #expect(result.rounds >= 3)
            #expect(result.agentsOnVersion == 3)
            #expect(result.faultsInjected >= 2)
            #expect(result.faultsDetected == result.faultsInjected)
            #expect(result.duplicateEvents == 0)
            try Self.compareLedgers(in: run, agents: ["agent-1", "agent-2", "agent-3"])
        }

        /// Kills one process and waits until its successor has been up for a moment.
        private func killOnce(
            _ name: String, in run: String, of program: RunningProgram, _ choose: (RunningProcesses) -> Int32?
        ) async throws {
            let pid = try #require(choose(RunningProcesses(in: run)))
            #expect(kill(pid, SIGKILL) == 0)
            #expect(await program.says("\(name) died: signal 9", within: .seconds(60)))
            #expect(await program.says("\(name) started again", within: .seconds(60)))
            // The next kill must meet a fleet that has found together again, and not the ruins of this one.
            try await Task.sleep(for: .seconds(4))
        }

        /// Holds the agents' own ledgers against the coordinator's table, row by row.
        private static func compareLedgers(in run: String, agents: [String]) throws {
            let stored = try ids("SELECT id FROM event", in: "\(run)/coordinator/state/coordinator.sqlite")
            #expect(Set(stored).count == stored.count)
            for agent in agents {
                let database = "\(run)/agents/\(agent)/state/agent.sqlite"
                let waiting = try ids("SELECT event FROM outbox", in: database)
                let raised = try ids("SELECT id FROM alarm", in: database)
                let lost = Set(raised).subtracting(stored).subtracting(waiting)
                #expect(lost.isEmpty, "\(agent) raised \(lost), and the coordinator does not hold them")
            }
        }

        private static func ids(_ query: String, in path: String) throws -> [String] {
            var configuration = Configuration()
            configuration.readonly = true
            return try DatabaseQueue(path: path, configuration: configuration).read {
                try String.fetchAll($0, sql: query)
            }
        }

        /// The end of every log, for whoever has to find out why.
        private static func logs(in run: String) -> String {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: run + "/logs")) ?? []
            return names.sorted().map { name in
                let text = (try? String(contentsOfFile: "\(run)/logs/\(name)", encoding: .utf8)) ?? ""
                return "\n--- \(name)\n\(text.suffix(3000))"
            }.joined()
        }
    }
}
