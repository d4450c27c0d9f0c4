// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetConfiguration

/// Why a configured broker can not be used.
public enum BrokerSettingsError: Error, CustomStringConvertible {
    /// The password's file can not be read as one line of text.
    case password(path: String)

    public var description: String {
        switch self {
        case .password(let path): "\(path) can not be read as one line of text: the broker's password"
        }
    }
}

extension BrokerSettings {
    /// The settings that a checked configuration asks for.
    ///
    /// - Throws: ``BrokerSettingsError`` if the password's file is no good.
    public init(_ configuration: BrokerConfiguration) throws(BrokerSettingsError) {
        var password: String?
        if let path = configuration.passwordFile {
            guard let text = try? String(contentsOfFile: path, encoding: .utf8),  // any reason reads the same here
                let line = text.split(whereSeparator: \.isNewline).first, line.utf8.count <= 1024
            else { throw .password(path: path) }
            password = String(line)
        }
        self.init(
            host: configuration.host, port: configuration.port,
            tls: configuration.tls.map { TLSSettings(ca: $0.ca, certificate: $0.certificate, key: $0.key) },
            username: configuration.username, password: password,
            keepAliveSeconds: configuration.keepAliveSeconds,
            sessionExpirySeconds: UInt32(clamping: configuration.sessionExpirySeconds),
            maximumInFlight: configuration.maximumInFlight, maximumWaiting: configuration.maximumWaiting)
    }
}
