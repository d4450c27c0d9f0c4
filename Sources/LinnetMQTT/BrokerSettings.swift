// SPDX-License-Identifier: Apache-2.0

/// Where the broker is, and the limits that hold for what is said to it.
public struct BrokerSettings: Sendable, Equatable {
    public var host: String
    /// TCP port, 1 to 65535.
    public var port: Int
    /// `nil` speaks plain TCP; whether that is allowed is decided where the configuration is read.
    public var tls: TLSSettings?
    public var username: String?
    public var password: String?
    /// Seconds of silence after which the connection is probed, 5 to 65535.
    public var keepAliveSeconds: Int
    /// Seconds the broker keeps this client's place and messages while it is away.
    public var sessionExpirySeconds: UInt32
    /// Most bytes of a payload, out or in; the broker's own `max_packet_size` should be somewhat larger.
    public var maximumPayloadBytes: Int
    /// Most messages sent and not yet acknowledged, 1 to 20.
    public var maximumInFlight: Int
    /// Most publishers that wait for one of these places; more are refused.
    public var maximumWaiting: Int
    /// How long the broker may take from the TCP connection to the last subscription's acknowledgement.
    public var handshakeTimeout: Duration
    /// How long the broker may take to acknowledge a message before the connection counts as broken.
    public var acknowledgementTimeout: Duration
    /// Upper bound of the first wait before connecting again; it doubles with every failure.
    public var reconnectDelay: Duration
    /// Upper bound of every such wait.
    public var maximumReconnectDelay: Duration

    public init(
        host: String, port: Int, tls: TLSSettings? = nil, username: String? = nil, password: String? = nil,
        keepAliveSeconds: Int = 20, sessionExpirySeconds: UInt32 = 7 * 86_400,
        maximumPayloadBytes: Int = 252 * 1024, maximumInFlight: Int = 20, maximumWaiting: Int = 1024,
        handshakeTimeout: Duration = .seconds(20), acknowledgementTimeout: Duration = .seconds(30),
        reconnectDelay: Duration = .milliseconds(500), maximumReconnectDelay: Duration = .seconds(30)
    ) {
        precondition((1...65_535).contains(port), "port is \(port)")
        precondition((5...65_535).contains(keepAliveSeconds), "keepAliveSeconds is \(keepAliveSeconds)")
        precondition((1...20).contains(maximumInFlight), "maximumInFlight is \(maximumInFlight)")
        precondition(maximumPayloadBytes > 0 && maximumWaiting >= 0, "limits must not be negative")
        self.host = host
        self.port = port
        self.tls = tls
        self.username = username
        self.password = password
        self.keepAliveSeconds = keepAliveSeconds
        self.sessionExpirySeconds = sessionExpirySeconds
        self.maximumPayloadBytes = maximumPayloadBytes
        self.maximumInFlight = maximumInFlight
        self.maximumWaiting = maximumWaiting
        self.handshakeTimeout = handshakeTimeout
        self.acknowledgementTimeout = acknowledgementTimeout
        self.reconnectDelay = reconnectDelay
        self.maximumReconnectDelay = maximumReconnectDelay
    }
}
