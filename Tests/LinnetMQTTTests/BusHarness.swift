// SPDX-License-Identifier: Apache-2.0

import LinnetMQTT
import LinnetMessaging
import LinnetTestKit
import Logging
import Testing

/// A bus that runs in the background of a test, and what it has said of its connection.
struct BusHarness {
    let bus: MosquittoBus
    let states = Recorder<ConnectionState>()
    private let run: Task<Void, any Error>

    /// Starts a bus.
    ///
    /// - Parameter prepare: makes subscriptions before the bus runs.
    init(
        _ settings: BrokerSettings, id: String, will: Will? = nil, prepare: (MosquittoBus) -> Void = { _ in }
    ) {
        let bus = MosquittoBus(
            settings: settings, clientID: id, will: will,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        self.bus = bus
        bus.observeConnection { [states] in states.append($0) }
        prepare(bus)
        run = Task { try await bus.run() }
    }

    var isConnected: Bool { states.all.last == .connected }

    /// The reason given last for not being connected.
    var reason: String {
        for case .disconnected(let reason) in states.all.reversed() { return reason }
        return ""
    }

    /// Waits for the connection.
    func connected(_ location: SourceLocation = #_sourceLocation) async throws {
        let isUp = await eventually { isConnected }
        try #require(isUp, "not connected: \(reason)", sourceLocation: location)
    }

    /// Stops the bus in order.
    func stop() async throws {
        run.cancel()
        try await run.value
    }
}

extension BrokerSettings {
    /// Settings for a broker on this machine that reconnect at once.
    static func local(_ port: Int, tls: TLSSettings? = nil) -> BrokerSettings {
        BrokerSettings(
            host: "127.0.0.1", port: port, tls: tls, keepAliveSeconds: 5, sessionExpirySeconds: 600,
            reconnectDelay: .milliseconds(20), maximumReconnectDelay: .milliseconds(100))
    }
}

extension TLSSettings {
    static func of(_ name: String, _ certificates: TestCertificates) -> TLSSettings {
        TLSSettings(
            ca: certificates.authority, certificate: certificates.certificate(of: name),
            key: certificates.key(of: name))
    }
}

/// Runs `body` and answers the bus's error, if there was one.
func busError(_ body: () async throws(BusError) -> Void) async -> BusError? {
    do throws(BusError) {
        try await body()
        return nil
    } catch {
        return error
    }
}
