// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetTestKit

/// The built programs, found beside the test bundle or in the folder that LINNET_BIN names.
enum LinnetPrograms {
    static let names = ["linnet", "linnet-edge", "linnet-coordinator"]

    /// Where all three lie; none if they have not been built.
    static let folder: URL? = {
        func holdsAll(_ folder: URL) -> Bool {
            names.allSatisfy { FileManager.default.isExecutableFile(atPath: folder.appendingPathComponent($0).path) }
        }
        if let named = ProcessInfo.processInfo.environment["LINNET_BIN"] {
            let folder = URL(fileURLWithPath: named)
            return holdsAll(folder) ? folder : nil
        }
        var folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        for _ in 0..<5 {
            if holdsAll(folder) { return folder }
            folder.deleteLastPathComponent()
        }
        return nil
    }()

    static var areBuilt: Bool { folder != nil }

    /// What a skipped test says.
    static let skipped = "linnet, linnet-edge and linnet-coordinator are not built; swift build builds them"

    /// The repository's scripts, which the programs need for certificates.
    static let scripts = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Scripts").path
}

/// A program that runs beside the test, with what it says kept in files.
final class RunningProgram {
    private let process = Process()
    private let output: URL
    private let errors: URL
    private let directory: TemporaryDirectory

    init(_ name: String, _ arguments: [String], environment: [String: String] = [:]) throws {
        guard let folder = LinnetPrograms.folder else { throw TestKitError(LinnetPrograms.skipped) }
        directory = try TemporaryDirectory("linnet-run")
        output = directory.url.appendingPathComponent("out")
        errors = directory.url.appendingPathComponent("err")
        for file in [output, errors] { try Data().write(to: file) }
        process.executableURL = folder.appendingPathComponent(name)
        process.arguments = arguments
        let own = ["LINNET_SCRIPTS": LinnetPrograms.scripts, "NO_COLOR": "1"]
        process.environment = ProcessInfo.processInfo.environment
            .filter { $0.key != "LINNET_API" }.merging(own) { $1 }.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
    }

    /// What it has written to standard output so far.
    var said: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }

    /// What it has written to standard error so far.
    var complained: String { (try? String(contentsOf: errors, encoding: .utf8)) ?? "" }

    var isRunning: Bool { process.isRunning }

    /// Waits until `text` stands in its output, or it has ended.
    func says(_ text: String, within timeout: Duration) async -> Bool {
        _ = await eventually(timeout: timeout) { said.contains(text) || !isRunning }
        return said.contains(text)
    }

    /// Asks it to end in order.
    func stop() { process.terminate() }

    /// Waits for its end.
    ///
    /// - Returns: its exit code.
    /// - Throws: if it has not ended in time; it is killed then.
    func end(within timeout: Duration) async throws -> Int32 {
        guard await eventually(timeout: timeout, { !isRunning }) else {
            kill(process.processIdentifier, SIGKILL)
            throw TestKitError("\(process.arguments ?? []) did not end within \(timeout)")
        }
        return process.terminationStatus
    }

    deinit {
        // A test that failed on the way must not leave a fleet behind: the kernel ends its processes with it.
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }
}
