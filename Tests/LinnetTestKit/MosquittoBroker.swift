// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A private mosquitto on a free loopback port, with a configuration and a data directory of its own.
public final class MosquittoBroker: Sendable {
    /// How clients get in.
    public enum Access: Sendable {
        /// Anybody, unencrypted, under any name; `rules` is an ACL file's text, if there is to be one.
        case open(rules: String? = nil)
        /// By certificate, with the very configuration that `Scripts/certs` writes for a real installation.
        case certificates(TestCertificates)
    }

    /// Whether mosquitto is installed; tests that need it are enabled by this.
    public static var isAvailable: Bool { Tool.find("mosquitto") != nil }

    /// What a skipped test says.
    public static let skipped = "mosquitto is not installed; apt-get install mosquitto"

    public let port: Int
    private let directory: TemporaryDirectory
    /// Holds the certificates' directory as long as the broker may read it.
    private let access: Access
    private let process = Mutex<pid_t?>(nil)

    /// Writes the configuration, starts the broker, and returns once it accepts connections.
    ///
    /// - Parameter lines: further lines of the configuration, such as `max_packet_size 1000`.
    public init(_ access: Access = .open(), adding lines: [String] = []) throws {
        self.access = access
        port = try Loopback.freePort()
        directory = try TemporaryDirectory("linnet-broker")
        let data = directory.path("data")
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        var configuration: String
        switch access {
        case .open(let rules):
            configuration = """
                listener \(port) 127.0.0.1
                allow_anonymous true
                persistence true
                persistence_location \(data)/
                max_queued_messages 10000

                """
            if let rules { configuration += "acl_file \(try directory.write(rules, to: "broker.acl"))\n" }
        case .certificates(let certificates):
            configuration = try certificates.brokerConfiguration()
                .replacingOccurrences(of: "listener 8883\n", with: "listener \(port) 127.0.0.1\n")
                .replacingOccurrences(of: "/var/lib/mosquitto/", with: "\(data)/")
        }
        configuration += "log_dest file \(directory.path("broker.log"))\nlog_type all\n"
        // Started by root, mosquitto would change to a user who may not read the certificates' keys.
        if getuid() == 0 { configuration += "user root\n" }
        configuration += lines.map { "\($0)\n" }.joined()
        try directory.write(configuration, to: "broker.conf")
        try start()
    }

    deinit { end(SIGKILL) }

    /// What the broker has logged so far.
    public var log: String {
        // A broker that never got as far as a log has none.
        (try? String(contentsOfFile: directory.path("broker.log"), encoding: .utf8)) ?? ""
    }

    /// Kills the broker as a power cut would: what it has not written is lost.
    public func kill9() { end(SIGKILL) }

    /// Stops the broker in order: it writes its sessions and retained messages.
    public func stop() { end(SIGTERM) }

    /// Starts a stopped or killed broker again, on the same port and data.
    public func restart() throws { try start() }

    private func start() throws {
        guard let program = Tool.find("mosquitto") else { throw TestKitError(Self.skipped) }
        let arguments = [program, "-c", directory.path("broker.conf")]
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        // The shared threads that tests run on block all signals, and a child inherits that: it would never hear SIGTERM.
        var attributes = posix_spawnattr_t()
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        // A broker that outlives a crashed test must not hold the test's output open: whoever reads it would wait for ever.
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        var child: pid_t = 0
        let status = posix_spawn(&child, program, &actions, &attributes, &pointers, environ)
        guard status == 0 else { throw TestKitError("mosquitto did not start: \(String(cString: strerror(status)))") }
        process.withLock { $0 = child }
        for _ in 0..<1000 {
            if Loopback.answers(port) { return }
            var result: Int32 = 0
            if waitpid(child, &result, WNOHANG) == child {
                process.withLock { $0 = nil }
                throw TestKitError("mosquitto ended at once:\n\(log)")
            }
            usleep(10_000)
        }
        end(SIGKILL)
        throw TestKitError("mosquitto accepts no connection on port \(port):\n\(log)")
    }

    private func end(_ signal: Int32) {
        guard let child = process.withLock({ $0.take() }) else { return }
        kill(child, signal)
        var result: Int32 = 0
        waitpid(child, &result, 0)
    }
}
