// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LinnetDomain
import LinnetEdge
import LinnetNumerics

/// `linnet-edge`: the agent's executable.
@main
struct LinnetEdgeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "linnet-edge",
        abstract: "Watches industrial machines: learns what is normal, and raises an alarm when it no longer is.",
        discussion: """
            Start with a file that names one device:

              agent: press-2
              devices:
                - id: pump
                  source: {kind: simulator, seed: 7}

            and look what the agent makes of it:

              linnet-edge check --config edge.yaml      finds every mistake in the file at once
              linnet-edge replay --config edge.yaml --device pump
                                                        learns and watches offline, and prints the alarms
              linnet-edge run --config edge.yaml        watches until it is stopped
              linnet-edge history --config edge.yaml    tells which model ran when, and why

            Alone it learns from its own device and keeps its events. With "coordinator" and "broker" in the file it takes \
            part in the fleet's rounds, gets its models, and reports. Every key stands, with its unit, range and default, \
            in edge.yaml beside the service file.

            Exit codes: 0 fine, 64 wrong use of the command, 78 a mistake in the configuration, 1 anything else.
            """,
        version: Software.version,
        subcommands: [
            RunCommand.self, CheckCommand.self, ReplayCommand.self, HistoryCommand.self, IdentityCommand.self,
        ])

    static func main() async {
        Heap.keepSmall()
        BLAS.useOneThread()
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            exit(withError: error)
        }
    }
}
