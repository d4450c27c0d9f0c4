// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import LinnetEdge
import LinnetMessaging

/// `linnet-edge identity`.
struct IdentityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "identity", abstract: "Prints the agent's public key, which the coordinator must know.",
        discussion: """
            The key is made at first use. Put the printed line into a file called <agent>.pub in the coordinator's folder of \
            trusted agents; without it the agent's events are taken, but none of what it has learned.
            """)

    @OptionGroup var file: ConfigurationOption

    func run() async throws {
        let configuration = try file.load()
        do {
            try FileManager.default.createDirectory(
                atPath: configuration.stateDirectory, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            Terminal.say(try EdgeAgent.key(in: configuration.stateDirectory).verifyingKey.hex)
        } catch {
            Terminal.complain("\(configuration.stateDirectory): \(error)")
            throw ExitCode.failure
        }
    }
}
