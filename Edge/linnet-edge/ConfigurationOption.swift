// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import LinnetConfiguration
import LinnetEdge
import Logging

/// The configuration file, which every command takes.
struct ConfigurationOption: ParsableArguments {
    @Option(name: [.short, .customLong("config")], help: "The agent's configuration file.")
    var path = "edge.yaml"

    /// Reads and checks the file; mistakes go to stderr, one a line, and end the process with code 78.
    func load() throws -> EdgeConfiguration {
        do {
            return try EdgeConfiguration(path: path)
        } catch {
            Terminal.complain("\(error)")
            throw ExitCode(EX_CONFIG)
        }
    }
}

/// How much is logged; logs go to stderr.
struct LogOption: ParsableArguments {
    @Option(help: "How much to log: trace, debug, info, notice, warning, error or critical.")
    var logLevel: Logger.Level = .info

    func logger() -> Logger {
        var logger = Logger(label: "linnet-edge") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = logLevel
        return logger
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}

/// Where words for people and programs go.
enum Terminal {
    /// Results: stdout.
    static func say(_ text: String) { write(text, to: STDOUT_FILENO) }

    /// Progress and mistakes: stderr.
    static func complain(_ text: String) { write(text, to: STDERR_FILENO) }

    private static func write(_ text: String, to file: Int32) {
        var bytes = Array((text + "\n").utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            // Nobody reads any more: there is nobody to tell.
            guard count > 0 else { return }
            bytes.removeFirst(count)
        }
    }
}
