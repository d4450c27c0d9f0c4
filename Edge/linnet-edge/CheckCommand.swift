// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Glibc
import LinnetConfiguration
import LinnetDomain
import LinnetEdge
import LinnetMessaging

/// `linnet-edge check`.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Checks a configuration file and the devices' sources, and says all that is wrong.",
        discussion: "Nothing is changed and nothing connected to. The exit code is 78 if something is wrong.")

    @OptionGroup var file: ConfigurationOption
    @Flag(help: "Print one JSON object instead: valid, problems, agent, cohort, channels.")
    var json = false

    private struct Report: Encodable {
        var valid: Bool
        var problems: [String]
        var agent: AgentID?
        var cohort: CohortID?
        var channels: [String]?
    }

    func run() async throws {
        var report = Report(valid: false, problems: [])
        do {
            let configuration = try EdgeConfiguration(path: file.path)
            report.agent = configuration.agent
            do {
                let contract = try configuration.contract(by: .live(.system))
                report.valid = true
                report.cohort = CohortID(of: contract)
                report.channels = contract.channels.map(\.name)
            } catch {
                report.problems = ["\(file.path): \(error)"]
            }
        } catch {
            report.problems = error.problems
        }
        try show(report)
        if !report.valid { throw ExitCode(EX_CONFIG) }
    }

    private func show(_ report: Report) throws {
        if json { return try Terminal.say(json: report) }
        for problem in report.problems { Terminal.complain(problem) }
        guard report.valid, let agent = report.agent, let cohort = report.cohort, let channels = report.channels else {
            return
        }
        Terminal.say(
            "\(file.path) is fine: agent \(agent), cohort \(cohort), channels \(channels.joined(separator: ", "))")
    }
}
