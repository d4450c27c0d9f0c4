// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Certificates and a broker configuration, made by `Scripts/certs` as for a real installation.
public final class TestCertificates: Sendable {
    private let directory: TemporaryDirectory

    /// Whether openssl, which makes them, is installed.
    public static var isAvailable: Bool { Tool.find("openssl") != nil }

    /// Path of the script.
    public static let script = repository + "/Scripts/certs"

    /// Runs the script.
    public init(agents: [String] = ["press-1"]) throws {
        directory = try TemporaryDirectory("linnet-certs")
        try Tool.run(
            Self.script, directory.path, "--agents", agents.joined(separator: ","))
    }

    public var authority: String { path("ca.pem") }

    public func certificate(of name: String) -> String { path("\(name).pem") }

    public func key(of name: String) -> String { path("\(name).key") }

    public func path(_ name: String) -> String { directory.path(name) }

    /// The broker configuration as the script wrote it.
    public func brokerConfiguration() throws -> String {
        try String(contentsOfFile: path("broker.conf"), encoding: .utf8)
    }

    /// Signs the broker's key anew, for other names or with an end in the past.
    public func reissueBroker(names: String = "DNS:localhost,IP:127.0.0.1", expired: Bool = false) throws {
        try directory.write("subjectAltName=\(names)\nextendedKeyUsage=serverAuth\n", to: "extensions")
        try Tool.run(
            "openssl", "req", "-new", "-key", key(of: "broker"), "-subj", "/CN=broker", "-out", path("broker.csr"))
        // `openssl ca` is the only one of Debian 12's commands that takes both ends of the validity.
        try directory.write(
            """
            [ca]
            default_ca = linnet
            [linnet]
            database = \(path("index"))
            rand_serial = yes
            new_certs_dir = \(directory.path)
            default_md = sha256
            policy = anything
            [anything]
            commonName = supplied
            """, to: "ca.conf")
        try directory.write("", to: "index")
        try Tool.run(
            "openssl", "ca", "-batch", "-notext", "-config", path("ca.conf"), "-cert", authority, "-keyfile",
            path("ca.key"), "-in", path("broker.csr"), "-out", certificate(of: "broker"), "-extfile",
            path("extensions"), "-startdate", "20200101000000Z", "-enddate",
            expired ? "20210101000000Z" : "20450101000000Z")
    }

    /// The repository's root: this file without its last three levels, links resolved.
    private static let repository: String = {
        var url = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url.path
    }()
}
