// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import LinnetConfiguration
import LinnetDomain
import LinnetFleet
import LinnetMessaging
import Logging

/// The coordinator: combines what agents have learned, keeps every version, and hands new ones out.
@main
struct CoordinatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "linnet-coordinator",
        abstract: "The centre of a Linnet fleet: rounds, model versions, releases, anomaly events.",
        discussion: """
            First start:
              1. Write coordinator.yaml; a commented sample is in Coordinator/deploy/coordinator.yaml.
              2. linnet-coordinator check --config coordinator.yaml      says everything that is wrong with it.
              3. linnet-coordinator identity --config coordinator.yaml   prints the key that agents pin.
              4. Put each agent's key, from linnet-edge identity, into trustedAgents/<agent>.pub.
              5. linnet-coordinator run --config coordinator.yaml

            Exit codes: 0 ended as asked, 1 failed, 64 wrong usage, 78 wrong configuration.
            """,
        version: Software.version,
        subcommands: [RunCommand.self, CheckCommand.self, IdentityCommand.self])
}

/// The file that every subcommand reads.
struct ConfigurationOption: ParsableArguments {
    @Option(name: .shortAndLong, help: "The configuration file.")
    var config = "coordinator.yaml"

    /// The checked configuration; ends the process with code 78 and every problem if there is one.
    func load() throws -> CoordinatorConfiguration {
        do throws(ConfigurationProblems) { return try CoordinatorConfiguration(path: config) } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            throw ExitCode(78)
        }
    }

    /// Makes the state folder, readable by its owner only, and reads or makes the coordinator's key in it.
    func key(_ configuration: CoordinatorConfiguration) throws -> SigningKey {
        try FileManager.default.createDirectory(
            atPath: configuration.stateDirectory, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        return try KeyFile.loadOrCreate(at: configuration.stateDirectory + "/coordinator.key")
    }
}

/// `linnet-coordinator check`: reads the configuration and opens nothing.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check the configuration file; say every problem with its line.")
    @OptionGroup var file: ConfigurationOption

    func run() throws {
        let configuration = try file.load()
        let tls = configuration.broker.tls == nil ? "without TLS, on this machine" : "with TLS"
        print("\(file.config) is in order: broker \(configuration.broker.host):\(configuration.broker.port) \(tls).")
    }
}

/// `linnet-coordinator identity`: the public key that agents pin.
struct IdentityCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "identity",
        abstract: "Print the coordinator's public key, for coordinator.publicKey in every agent's configuration.",
        discussion: "The key is made at first use, and kept in the state folder.")
    @OptionGroup var file: ConfigurationOption

    func run() throws { print(try file.key(try file.load()).verifyingKey) }
}
