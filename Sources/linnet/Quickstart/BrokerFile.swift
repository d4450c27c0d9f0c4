// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The demonstration's own broker: its configuration file, and how the others reach it.
struct BrokerFile: Sendable {
    let port: Int
    /// The folder with certificates and access rules; none without TLS.
    let certificates: String?
    let text: String

    /// Without TLS: anyone on this machine may connect, and nobody else can.
    static func plain(port: Int, data: String) -> BrokerFile {
        BrokerFile(
            port: port, certificates: nil,
            text: """
                listener \(port) 127.0.0.1
                allow_anonymous true
                persistence true
                persistence_location \(data)/
                autosave_interval 5
                max_packet_size 262144
                max_inflight_messages 20
                max_queued_messages 10000
                user \(account)

                """)
    }

    /// With TLS: the file that `Scripts/certs` writes for a plant, bound to loopback and to the demonstration's data.
    static func fenced(port: Int, data: String, certificates: String) throws(CommandFailure) -> BrokerFile {
        let path = "\(certificates)/broker.conf"
        guard let written = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw .failed("\(path) can not be read, although Scripts/certs should just have written it")
        }
        let own = ["listener", "persistence_location", "autosave_interval"]
        let kept = written.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
            !own.contains { line.hasPrefix($0 + " ") }
        }
        // The listener's line comes first: what follows it, certificates and all, is meant for it.
        let text =
            "listener \(port) 127.0.0.1\n" + kept.joined(separator: "\n")
            + "\npersistence_location \(data)/\nautosave_interval 5\nuser \(account)\n"
        return BrokerFile(port: port, certificates: certificates, text: text)
    }

    /// A person's own identity on a fenced broker: with somebody else's, the broker would take that one's place away.
    static let listener = "listener"

    /// Lets ``listener`` hear everything and say nothing.
    static let listenerRule = "\nuser \(listener)\ntopic read linnet/v1/#\n"

    /// mosquitto started by root would become another user, who can not read a private folder.
    private static var account: String { NSUserName() }

    /// The `broker` section of an agent's or the coordinator's file.
    func section(for identity: String) -> String {
        guard let certificates else { return "{host: 127.0.0.1, port: \(port), insecureLoopback: true}" }
        let files = ["ca": "ca.pem", "certificate": "\(identity).pem", "key": "\(identity).key"]
        let tls = files.sorted { $0.key < $1.key }.map {
            "\($0.key): \(YAMLText.quoted("\(certificates)/\($0.value)"))"
        }
        return "{host: 127.0.0.1, port: \(port), tls: {\(tls.joined(separator: ", "))}}"
    }

    /// A command that shows a person what is being said; without the chunks of models, which are no text.
    var tap: String {
        let own = Self.listener
        let tls = certificates.map { " --cafile \($0)/ca.pem --cert \($0)/\(own).pem --key \($0)/\(own).key" }
        return "mosquitto_sub -h 127.0.0.1 -p \(port)\(tls ?? "") -V 5 -v -t 'linnet/v1/#' "
            + "-T 'linnet/v1/bcast/model/#' -T 'linnet/v1/up/+/update/#'"
    }
}

/// Writes text so that YAML reads it back as it was.
enum YAMLText {
    /// In double quotes, escaped as JSON does, which YAML takes.
    static func quoted(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        // A string is always encodable.
        return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
}
