// SPDX-License-Identifier: Apache-2.0

/// The files that TLS needs, as PEM.
public struct TLSFiles: Sendable, Equatable {
    /// Who may have signed the broker's certificate.
    public var ca: String
    /// This side's own certificate; its common name is the agent's name.
    public var certificate: String
    /// The certificate's private key.
    public var key: String

    public init(ca: String, certificate: String, key: String) {
        self.ca = ca
        self.certificate = certificate
        self.key = key
    }
}

/// Where the broker is and how to reach it: the `broker` section of both sides' files.
///
///     broker: {host: broker.plant.example, tls: {ca: ca.pem, certificate: press-2.pem, key: press-2.key}}
///     broker: {host: 127.0.0.1, port: 1883, insecureLoopback: true}
///
/// TLS is on. Only on this very machine may it be off, and only when the file says so.
public struct BrokerConfiguration: Sendable, Equatable {
    public var host: String
    public var port: Int
    /// Levels in front of every topic.
    public var prefix: String
    /// Absent only for a broker on this machine.
    public var tls: TLSFiles?
    /// Absent where the certificate says who this is.
    public var username: String?
    /// The file with the password of `username`; never the password itself, which does not belong in this file.
    public var passwordFile: String?
    /// Seconds between signs of life.
    public var keepAliveSeconds: Int
    /// Seconds for which the broker keeps this side's subscriptions and messages after the connection is gone.
    public var sessionExpirySeconds: Int
    /// Messages that may be under way to the broker at once.
    public var maximumInFlight: Int
    /// Messages that may wait for such a place.
    public var maximumWaiting: Int

    public init(
        host: String, port: Int, prefix: String = "linnet/v1", tls: TLSFiles? = nil, username: String? = nil,
        passwordFile: String? = nil, keepAliveSeconds: Int = 20, sessionExpirySeconds: Int = 604_800,
        maximumInFlight: Int = 20, maximumWaiting: Int = 1024
    ) {
        self.host = host
        self.port = port
        self.prefix = prefix
        self.tls = tls
        self.username = username
        self.passwordFile = passwordFile
        self.keepAliveSeconds = keepAliveSeconds
        self.sessionExpirySeconds = sessionExpirySeconds
        self.maximumInFlight = maximumInFlight
        self.maximumWaiting = maximumWaiting
    }

    /// Reads the `broker` section; what is wrong with it is noted there.
    public init(reading section: ConfigurationSection) {
        host = section.string("host")
        let tlsSection = section.optionalSection("tls")
        port = section.integer("port", default: tlsSection == nil ? 1883 : 8883, in: 1...65_535)
        prefix = section.string("prefix", default: "linnet/v1")
        tls = tlsSection.map { files in
            TLSFiles(
                ca: files.readableFile("ca"), certificate: files.readableFile("certificate"),
                key: files.readableFile("key"))
        }
        username = section.optionalString("username")
        passwordFile = section.has("passwordFile") ? section.readableFile("passwordFile") : nil
        keepAliveSeconds = Self.seconds(section, "keepAlive", default: .seconds(20), in: .seconds(5) ... .seconds(3600))
        sessionExpirySeconds = Self.seconds(
            section, "sessionExpiry", default: .seconds(604_800), in: .zero ... .seconds(30 * 86_400))
        // More than 20 under way is what MQTT brokers drop silently by default.
        maximumInFlight = section.integer("maximumInFlight", default: 20, in: 1...20)
        maximumWaiting = section.integer("maximumWaiting", default: 1024, in: 1...100_000)
        check(section)
    }

    private static func seconds(
        _ section: ConfigurationSection, _ key: String, default: Duration, in range: ClosedRange<Duration>
    ) -> Int {
        let duration = section.duration(key, default: `default`, in: range)
        // The range keeps this far below Int.max; a fraction of a second is rounded up.
        return Int(duration.components.seconds) + (duration.components.attoseconds > 0 ? 1 : 0)
    }

    // MARK: - What values must hold together

    private func check(_ section: ConfigurationSection) {
        if section.has("host"), !Self.isHost(host) {
            section.problem("host", "is \(ConfigurationNode.quoted(host)); it must be a host name or an address")
        }
        if section.has("prefix"), !Self.isPrefix(prefix) {
            section.problem(
                "prefix",
                "is \(ConfigurationNode.quoted(prefix)); it must be levels with one slash between them, without + and #"
            )
        }
        if passwordFile != nil, username == nil {
            section.problem("passwordFile", "is given without \"username\"; give both or neither")
        }
        let isInsecure = section.boolean("insecureLoopback", default: false)
        switch (tls != nil, isInsecure) {
        case (true, true):
            section.problem("insecureLoopback", "is true although \"tls\" is given; leave one of them out")
        case (false, false):
            section.problem(
                "has no \"tls\"; give it \"ca\", \"certificate\" and \"key\", or, for a broker on this very machine, "
                    + "\"insecureLoopback: true\"")
        case (false, true) where section.has("host") && !Self.isLoopback(host):
            section.problem(
                "insecureLoopback",
                "is true, but \"host\" is \(ConfigurationNode.quoted(host)); "
                    + "without TLS only this machine is allowed: 127.0.0.0/8, ::1 or localhost")
        default: break
        }
    }

    /// Whether a host is this machine beyond doubt: an address of the loopback block, or the name that stands for it.
    public static func isLoopback(_ host: String) -> Bool {
        if host == "::1" || host.lowercased() == "localhost" { return true }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
        // Four plain numbers: "127.0.0.1.example.org" is a name, and names can point anywhere.
        return numbers.count == 4 && numbers[0] == "127"
            && numbers.allSatisfy { part in
                guard let value = Quantity.integer(String(part)), String(value) == part else { return false }
                return (0...255).contains(value)
            }
    }

    private static func isHost(_ host: String) -> Bool {
        (1...253).contains(host.utf8.count)
            && host.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || ".-_:%".utf8.contains(byte)
            }
    }

    private static func isPrefix(_ prefix: String) -> Bool {
        let levels = prefix.split(separator: "/", omittingEmptySubsequences: false)
        return prefix.utf8.count <= 128 && !prefix.hasPrefix("$")
            && levels.allSatisfy { level in
                !level.isEmpty && level.utf8.allSatisfy { $0 > 32 && $0 != 127 && !"+#".utf8.contains($0) }
            }
    }
}
