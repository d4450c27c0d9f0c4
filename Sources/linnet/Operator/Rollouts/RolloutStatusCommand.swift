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
            "With --watch every change is a line, and the whole stands at the end; exit code 1 if it has not succeeded."
    )

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
        var progress = RolloutProgress()
        var last: RolloutStatus?
        while true {
            let body = try api.data(path)
            let status = try api.read(RolloutStatus.self, from: body, of: path)
            let isLast = !watch || status.rollout.phase.isOver
            if options.json {
                if status != last { Report.show(json: body) }
            } else {
                if watch { Report.show(progress.lines(status, now: .now(), on: .standardOutput())) }
                if isLast {
                    Report.show((watch ? [""] : []) + RolloutText.details(status, now: .now(), on: .standardOutput()))
                }
            }
            last = status
            if isLast {
                if watch, status.rollout.phase != .succeeded { throw ExitCode.failure }
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
