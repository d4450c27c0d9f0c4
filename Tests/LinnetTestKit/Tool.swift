// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Programs that tests start.
public enum Tool {
    /// Where a program is installed: in `PATH`, or where Debian puts what only administrators run.
    public static func find(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return (path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/local/sbin", "/sbin"])
            .map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Runs a program to its end.
    ///
    /// - Returns: what it wrote to both its outputs.
    /// - Throws: ``TestKitError`` if it is missing or ends with another status than 0, with what it wrote.
    @discardableResult
    public static func run(_ program: String, _ arguments: String...) throws -> String {
        try run(program, arguments)
    }

    /// As the other one, with the arguments in an array.
    @discardableResult
    public static func run(_ program: String, _ arguments: [String]) throws -> String {
        guard let path = program.contains("/") ? program : find(program) else {
            throw TestKitError("\(program) is not installed")
        }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw TestKitError("\(program) ended with status \(process.terminationStatus): \(text)")
        }
        return text
    }
}
