// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import LinnetFleet
import Logging
import NIOCore
import ServiceLifecycle

/// Where an API that listens can be found; written beside the database so that commands on this machine find it.
public struct ConsoleAddress: Codable, Sendable, Equatable {
    public var apiURL: String
    public var pid: Int32

    /// The file's name within the state folder.
    public static let fileName = "api.json"

    public init(apiURL: String, pid: Int32) {
        self.apiURL = apiURL
        self.pid = pid
    }
}

/// Serves ``ConsoleRouter`` over HTTP until graceful shutdown.
public struct Console: Service {
    private let router: ConsoleRouter
    private let host: String
    private let port: Int
    private let stateDirectory: String
    private let logger: Logger

    public init(router: ConsoleRouter, host: String, port: Int, stateDirectory: String, logger: Logger) {
        self.router = router
        self.host = host
        self.port = port
        self.stateDirectory = stateDirectory
        self.logger = logger
    }

    /// Listens, writes `api.json`, and serves.
    public func run() async throws {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .notice)
        let application = Application(
            router: router.router(),
            configuration: .init(address: .hostname(host, port: port), serverName: "linnet"),
            onServerRunning: { channel in announce(port: channel.localAddress?.port ?? port) }, logger: quiet)
        try await application.run()
        withdraw()
    }

    private var addressFile: URL {
        URL(fileURLWithPath: stateDirectory).appendingPathComponent(ConsoleAddress.fileName)
    }

    /// Removes the file, for nobody listens there any more; unless it is another one's by now. What can not be removed is
    /// written anew at the next start.
    private func withdraw() {
        guard let bytes = try? Data(contentsOf: addressFile),
            let address = try? JSONDecoder().decode(ConsoleAddress.self, from: bytes),
            address.pid == ProcessInfo.processInfo.processIdentifier
        else { return }
        try? FileManager.default.removeItem(at: addressFile)
    }

    private func announce(port: Int) {
        let address = ConsoleAddress(
            apiURL: "http://\(host.contains(":") ? "[\(host)]" : host):\(port)",
            pid: ProcessInfo.processInfo.processIdentifier)
        logger.info("API listens", metadata: ["url": "\(address.apiURL)"])
        do {
            try JSONEncoder().encode(address).write(to: addressFile, options: .atomic)
        } catch {
            // Commands can still be told the address by hand.
            logger.warning("API address not written", metadata: ["reason": "\(error)"])
        }
    }
}
