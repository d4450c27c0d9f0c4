// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `linnet rollout`: brings a version to a cohort in stages, watches it, and takes it back.
struct RolloutsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollout", abstract: "Bring a version to a cohort in stages, watch it, stop it, take it back.",
        discussion: """
            A rollout is planned, started, perhaps approved by somebody else, and then goes on by itself from stage to stage \
            while every gate holds. What breaks a gate ends it, and the fleet goes back. What changes something needs the \
            operator's token: --token-file, LINNET_TOKEN_FILE, or --state with the coordinator's state folder.
            """,
        subcommands: [
            RolloutPlanCommand.self, RolloutStartCommand.self, RolloutStatusCommand.self, RolloutPauseCommand.self,
            RolloutResumeCommand.self, RolloutApproveCommand.self, RolloutRollbackCommand.self,
            RolloutHistoryCommand.self,
        ],
        defaultSubcommand: RolloutStatusCommand.self)
}
