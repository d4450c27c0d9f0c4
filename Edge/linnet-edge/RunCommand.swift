// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import LinnetConfiguration
import LinnetDomain
import LinnetEdge
import LinnetMQTT
import LinnetMessaging
import Logging
import ServiceLifecycle
import UnixSignals

/// `linnet-edge run`.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Watches the devices of a configuration file until it is stopped.",
        discussion: """
            SIGTERM and SIGINT stop it in order: what it knows is saved first. It may be killed at any time: events that were \
            raised are on the disk, and an alarm that goes on is the same alarm after a restart.
            """)

    @OptionGroup var file: ConfigurationOption
    @OptionGroup var log: LogOption

    func run() async throws {
        let configuration = try file.load()
        let logger = log.logger()
        // A full disk or quota is an error to deal with, and not a reason to be killed.
        signal(SIGXFSZ, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
        var generator = SystemRandomNumberGenerator()
        let session = AgentSession(
            agent: configuration.agent,
            prefix: configuration.coordinator?.broker.prefix ?? TopicScheme.standardPrefix,
            at: .now(), using: &generator)
        do {
            let bus = try configuration.coordinator.map { coordinator in
                MosquittoBus(
                    settings: try BrokerSettings(coordinator.broker), clientID: session.agent.rawValue,
                    will: try session.will(), logger: logger)
            }
            let readings = try ReadingConnections(configuration, logger: logger)
            let agent = try EdgeAgent(
                configuration: configuration, session: session, bus: bus, readings: readings.buses, logger: logger)
            let services: [any Service] = (bus.map { [$0] } ?? []) + readings.services + [agent]
            try await ServiceGroup(
                configuration: ServiceGroupConfiguration(
                    services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
                    gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
            ).run()
        } catch {
            logger.critical("the agent can not go on", metadata: ["reason": "\(error)"])
            throw ExitCode.failure
        }
    }
}
