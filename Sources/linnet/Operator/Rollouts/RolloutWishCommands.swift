// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import LinnetDomain
import LinnetFleet
import LinnetMessaging

/// What every command that asks something of a rollout has in common.
struct RolloutWishOptions: ParsableArguments {
    @OptionGroup var options: APIOptions

    @Argument(help: "The number of the rollout, as linnet rollout status shows it.")
    var rollout: Int

    @Option(help: "One sentence for the audit log.")
    var why: String?

    /// Asks, and shows where the rollout stands then.
    func ask(_ command: RolloutCommand, to version: String? = nil, why reason: String) throws {
        let api = try options.coordinator()
        let path = "/api/v1/rollouts/\(rollout)/\(command.rawValue)"
        let wish = try Wire.encode(RolloutWish(why: why ?? reason, to: version))
        let body = try api.change("POST", path, body: wish, token: try options.token())
        if options.json { return Report.show(json: body) }
        let status = try api.read(RolloutStatus.self, from: body, of: path)
        Report.show(RolloutText.summary(status, now: .now(), on: .standardOutput()))
    }
}

/// `linnet rollout start N`.
struct RolloutStartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "start", abstract: "Start a planned rollout.")
    @OptionGroup var wish: RolloutWishOptions

    func run() throws { try wish.ask(.start, why: "started by hand") }
}

/// `linnet rollout approve N`.
struct RolloutApproveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Agree to a rollout that somebody else has planned and started.",
        discussion: "Who approves is whose token is sent; it must be another one than that of the start.")
    @OptionGroup var wish: RolloutWishOptions

    func run() throws { try wish.ask(.approve, why: "approved by hand") }
}

/// `linnet rollout pause N`.
struct RolloutPauseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Begin no further stage until it is resumed; broken gates still end it.")
    @OptionGroup var wish: RolloutWishOptions

    func run() throws { try wish.ask(.pause, why: "paused by hand") }
}

/// `linnet rollout resume N`.
struct RolloutResumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Let a paused rollout go on, also after a stage that its plan wanted a pause after.")
    @OptionGroup var wish: RolloutWishOptions

    func run() throws { try wish.ask(.resume, why: "resumed by hand") }
}

/// `linnet rollout rollback N`.
struct RolloutRollbackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Take a version back: the fleet returns to the release before it, or to an older version.",
        discussion: """
            A newer signed release names the older version. An agent that still holds it switches at once, without a \
            download; any other fetches it, tests it, and switches. The version taken back is in quarantine from then on: \
            it is not released, or trained from, again. One in quarantine is not gone back to.
            """)
    @OptionGroup var wish: RolloutWishOptions

    @Option(help: "The older version to return to, instead of the release before: its number, an alias, or a digest.")
    var to: String?

    func run() throws { try wish.ask(.rollback, to: to, why: "taken back by hand") }
}
