// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import LinnetDomain

/// The operator's command: asks a running coordinator, and runs a whole small fleet for whoever wants to see one.
@main
struct Linnet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "linnet",
        abstract: "Watches a Linnet fleet from the command line.",
        discussion: """
            Every command but quickstart, simulate and those of the lab (evaluate, tune, train, score, describe, export) asks \
            a coordinator's HTTP API: the one at --api, or the one whose state folder --state names, or the one in the \
            environment variable LINNET_API, or http://127.0.0.1:8780.

            Exit codes: 0 all is well; 1 something failed; 64 the command line is wrong; 66 data are not there; 69 the \
            coordinator can not be reached.
            """,
        version: Software.version,
        subcommands: [
            StatusCommand.self, AgentsCommand.self, RoundsCommand.self, ModelsCommand.self, AnomaliesCommand.self,
            RolloutsCommand.self, AuditCommand.self, QuickstartCommand.self, SimulateCommand.self, EvaluateCommand.self,
            TuneCommand.self, TrainCommand.self, ScoreCommand.self, DescribeCommand.self, ExportCommand.self,
        ])

    static func main() async {
        // A reader that goes away (`linnet anomalies --follow | head`) ends the command, not with a crash report.
        signal(SIGPIPE, SIG_DFL)
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as CommandFailure {
            FileHandle.standardError.write(Data("linnet: \(failure)\n".utf8))
            Foundation.exit(failure.code)
        } catch {
            exit(withError: error)
        }
    }
}
