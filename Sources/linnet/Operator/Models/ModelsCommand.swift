// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `linnet models`: what versions there are, what is in them, what they are called, and what kinds there are.
struct ModelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models", abstract: "Show model versions; compare, export, import and name them.",
        discussion: """
            A version is named by its number, an alias such as champion or candidate, or the beginning of its digest. What \
            changes something needs the operator's token: --token-file, LINNET_TOKEN_FILE, or --state.
            """,
        subcommands: [
            ModelsListCommand.self, ModelShowCommand.self, ModelDiffCommand.self, ModelExportCommand.self,
            ModelImportCommand.self, ModelAliasCommand.self, ModelFamiliesCommand.self,
        ],
        defaultSubcommand: ModelsListCommand.self)
}
