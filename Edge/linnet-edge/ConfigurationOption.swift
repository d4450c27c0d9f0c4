// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
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

    /// Results in columns as wide as their widest cell.
    static func say(table rows: [[String]], header: [String]) {
        let lines = [header] + rows
        let widths = header.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        for line in lines {
            let cells = zip(line, widths).dropLast().map { $0 + String(repeating: " ", count: $1 - $0.count) }
            say((cells + line.suffix(1)).joined(separator: "  "))
        }
    }

    /// A value as one line of JSON.
    static func say(json value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        say(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

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
