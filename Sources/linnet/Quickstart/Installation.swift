// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Where the parts lie that a demonstration is put together from.
struct Installation: Sendable {
    let edge: String
    let coordinator: String
    let broker: String
    /// Makes certificates; only needed with TLS.
    let certs: String?

    /// Finds Linnet's programs beside this one, its scripts in LINNET_SCRIPTS, above this program or in the working
    /// directory, and mosquitto where Debian puts it.
    ///
    /// - Throws: what is missing, and how to get it.
    static func find() throws(CommandFailure) -> Installation {
        let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let folder = own.deletingLastPathComponent()
        func beside(_ name: String) throws(CommandFailure) -> String {
            let path = folder.appendingPathComponent(name).path
            guard access(path, X_OK) == 0 else {
                throw .failed("\(path) is missing; build it with: swift build -c release --product \(name)")
            }
            return path
        }
        let search = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let brokers = (search + ["/usr/sbin", "/usr/local/sbin"]).map { $0 + "/mosquitto" }
        guard let broker = brokers.first(where: { access($0, X_OK) == 0 }) else {
            throw .failed("mosquitto is missing; install it with: Scripts/setup (or apt-get install mosquitto)")
        }
        return Installation(
            edge: try beside("linnet-edge"), coordinator: try beside("linnet-coordinator"), broker: broker,
            certs: script("certs", above: folder))
    }

    private static func script(_ name: String, above folder: URL) -> String? {
        var places = [FileManager.default.currentDirectoryPath + "/Scripts"]
        var above = folder
        for _ in 0..<6 {
            places.insert(above.appendingPathComponent("Scripts").path, at: 0)
            above.deleteLastPathComponent()
        }
        if let named = ProcessInfo.processInfo.environment["LINNET_SCRIPTS"] { places.insert(named, at: 0) }
        return places.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    /// Runs a program to its end.
    ///
    /// - Returns: what it wrote to standard output, without white space around it.
    /// - Throws: its own words if it ends with another code than 0.
    static func output(of executable: String, _ arguments: [String]) throws(CommandFailure) -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        let output = Pipe()
        let errors = FileManager.default.temporaryDirectory.appendingPathComponent("linnet-\(UUID().uuidString).err")
        _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
        defer { unlink(errors.path) }
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        do {
            process.standardError = try FileHandle(forWritingTo: errors)
            try process.run()
        } catch {
            throw .failed("\(executable) can not be started: \(error.localizedDescription)")
        }
        let body = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let words = (try? String(contentsOf: errors, encoding: .utf8)) ?? ""  // no words: the code must do
            throw .failed(
                "\(executable) \(arguments.joined(separator: " ")) ended with code \(process.terminationStatus): "
                    + words.trimmingCharacters(in: .whitespacesAndNewlines).suffix(2000))
        }
        return String(decoding: body, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
