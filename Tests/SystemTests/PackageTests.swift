// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetDomain
import LinnetTestKit
import Testing

extension SystemTests {
    @Suite(
        "Debian packages",
        .enabled(if: Tool.find("dpkg-deb") != nil, "dpkg-deb is not installed; packages are made on Debian"))
    struct PackageTests {
        /// Runs a tool to its end.
        ///
        /// - Returns: what it has said.
        private func run(_ path: String, _ arguments: String...) throws -> String {
            let process = Process()
            let output = Pipe()
            process.executableURL = URL(fileURLWithPath: path)
            process.arguments = arguments
            process.standardOutput = output
            try process.run()
            let said = try output.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else {
                throw TestKitError("\(path) \(arguments) ended with \(process.terminationStatus)")
            }
            return String(decoding: said, as: UTF8.self)
        }

        @Test("each package holds its programs, service and documents, and names the libraries that it needs")
        func contents() throws {
            let directory = try TemporaryDirectory("linnet-packages")
            let programs = try #require(LinnetPrograms.folder)
            let made = try run(
                LinnetPrograms.scripts + "/package", "--programs", programs.path, "--output", directory.path)
            let packages = made.split(separator: "\n").map(String.init)
            try #require(packages.count == 2)
            let dpkg = try #require(Tool.find("dpkg-deb"))
            let expected = [
                [
                    "usr/bin/linnet-edge", "lib/systemd/system/linnet-edge.service",
                    "usr/share/doc/linnet-edge/edge.yaml",
                ],
                [
                    "usr/bin/linnet-coordinator", "usr/bin/linnet", "usr/bin/linnet-certs",
                    "lib/systemd/system/linnet-coordinator.service", "usr/share/doc/linnet-coordinator/RUNBOOK.md",
                ],
            ]
            for (package, files) in zip(packages, expected) {
                #expect(try run(dpkg, "--field", package, "Version") == Software.version + "\n")
                let depends = try run(dpkg, "--field", package, "Depends")
                for library in ["libc6", "libmosquitto1", "libopenblas0", "libsqlite3-0"] {
                    #expect(depends.contains(library), "\(depends)")
                }
                let root = directory.path("root")
                _ = try run(dpkg, "--extract", package, root)
                for file in files { #expect(FileManager.default.fileExists(atPath: "\(root)/\(file)"), "\(file)") }
            }
            let agent = directory.path("root/usr/bin/linnet-edge")
            #expect(try run(agent, "--version") == Software.version + "\n")
        }
    }
}
