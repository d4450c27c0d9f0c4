// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import LinnetConfiguration
import LinnetConsole
import LinnetFleet
import LinnetMQTT
import LinnetMessaging
import LinnetNumerics
import LinnetStore
import Logging
import ServiceLifecycle
import UnixSignals

/// `linnet-coordinator run`: builds every part once and runs them until SIGTERM or SIGINT.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run the coordinator until SIGTERM or SIGINT. Logs go to standard error.")
    @OptionGroup var file: ConfigurationOption
    @Option(help: "trace, debug, info, notice, warning, error or critical.")
    var logLevel = Logger.Level.info

    func run() async throws {
        BLAS.useOneThread()
        Workers.useAllProcessors()
        let configuration = try file.load()
        let level = logLevel
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        let logger = Logger(label: "linnet.coordinator")
        do {
            try await serve(configuration, logger: logger)
        } catch {
            logger.critical("coordinator stopped", metadata: ["reason": "\(error)"])
            throw ExitCode.failure
        }
    }

    private func serve(_ configuration: CoordinatorConfiguration, logger: Logger) async throws {
        let key = try file.key(configuration)
        let lock = try StateLock(directory: configuration.stateDirectory)
        defer { lock.release() }
        let store = try SQLiteFleetStore(path: configuration.stateDirectory + "/coordinator.sqlite")
        let bus = MosquittoBus(
            settings: try BrokerSettings(configuration.broker), clientID: "linnet-coordinator", will: nil,
            logger: logger)
        let coordinator = FleetCoordinator(
            settings: configuration.fleet, store: store, bus: bus,
            topics: TopicScheme(prefix: configuration.broker.prefix), key: key,
            trusted: TrustedAgents(directory: configuration.trustedAgents), logger: logger)
        coordinator.attach()
        let console = Console(
            router: ConsoleRouter(
                coordinator: coordinator, store: store,
                operators: try Operators.prepare(in: configuration.stateDirectory),
                isExposed: !BrokerConfiguration.isLoopback(configuration.apiHost)), host: configuration.apiHost,
            port: configuration.apiPort, stateDirectory: configuration.stateDirectory, logger: logger)
        logger.info(
            "coordinator starts",
            metadata: ["state": "\(configuration.stateDirectory)", "public.key": "\(key.verifyingKey)"])
        // The order is that of dependence: what stands first is shut down last.
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: bus), .init(service: coordinator), .init(service: console)],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
        try store.close()
        logger.info("coordinator ended")
    }
}

/// Keeps a second coordinator out of a state folder: two writers can corrupt its database.
struct StateLock {
    /// Another process holds the lock, or there can be none.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let file: Int32

    /// - Throws: ``Failure`` if another coordinator runs on the folder. The system lets go of the lock when its process
    ///   ends, however it ends.
    init(directory: String) throws {
        let path = "\(directory)/coordinator.lock"
        file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Failure(description: "\(path): \(String(cString: strerror(errno)))") }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            close(file)
            throw Failure(description: "another coordinator runs on \(directory); stop it first")
        }
    }

    func release() { close(file) }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
