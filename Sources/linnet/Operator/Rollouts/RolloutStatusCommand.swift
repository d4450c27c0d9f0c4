// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import LinnetDomain
import LinnetFleet

/// `linnet rollout status`: all rollouts, or one with its stages, its agents and what each gate rests on.
struct RolloutStatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show the newest rollouts, or one with its stages, agents and gates.",
        discussion:
            "With --watch it is shown anew as it changes, until it is over; exit code 1 if it then has not succeeded.")

    @OptionGroup var options: APIOptions

    @Argument(help: "The number of a rollout; left out, the newest ones are listed.")
    var rollout: Int?

    @Flag(help: "Keep running until the rollout is over.")
    var watch = false

    @Option(help: "Most rollouts to list.")
    var limit = 20

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit is \(limit); it must be 1 to 1000") }
        if watch, rollout == nil { throw ValidationError("--watch needs the number of a rollout") }
    }

    func run() throws {
        let api = try options.coordinator()
        guard let rollout else { return try list(api) }
        let path = "/api/v1/rollouts/\(rollout)"
        var last: [String] = []
        while true {
            let body = try api.data(path)
            let status = try api.read(RolloutStatus.self, from: body, of: path)
            let lines =
                options.json ? [] : RolloutText.details(status, now: .now(), on: .standardOutput())
            // Ages change every second; what is worth another look is the rest.
            let facts = RolloutText.details(status, now: status.rollout.createdAt, on: .standardOutput())
            if facts != last {
                if options.json { Report.show(json: body) } else { Report.show((last.isEmpty ? [] : [""]) + lines) }
            }
            last = facts
            guard watch else { return }
            if status.rollout.phase.isOver {
                guard status.rollout.phase == .succeeded else { throw ExitCode.failure }
                return
            }
            Thread.sleep(forTimeInterval: 1)
        }
    }

    private func list(_ api: CoordinatorAPI) throws {
        let query = [("limit", String?("\(limit)"))]
        if options.json { return Report.show(json: try api.data("/api/v1/rollouts", query)) }
        let page = try api.report(RolloutsPage.self, "/api/v1/rollouts", query)
        Report.show(RolloutText.list(page.rollouts, now: .now(), on: .standardOutput()))
    }
}

/// `linnet rollout history N`: every change of every agent.
struct RolloutHistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Show every change of every agent of a rollout, with what it had measured.")

    @OptionGroup var options: APIOptions

    @Argument(help: "The number of the rollout.")
    var rollout: Int

    @Option(help: "Most changes to show.")
    var limit = 1000

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit is \(limit); it must be 1 to 1000") }
    }

    func run() throws {
        let api = try options.coordinator()
        let path = "/api/v1/rollouts/\(rollout)/history"
        let query = [("limit", String?("\(limit)"))]
        if options.json { return Report.show(json: try api.data(path, query)) }
        let page = try api.report(EvidencePage.self, path, query)
        Report.show(RolloutText.history(page.evidence, on: .standardOutput()))
    }
}
