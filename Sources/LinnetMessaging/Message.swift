// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// One MQTT message: a topic, bytes, and how the broker is to treat them. Quality of service is always 1 in Linnet.
public struct Message: Sendable, Equatable {
    /// Full topic, prefix included.
    public var topic: String
    public var payload: Data
    /// Whether the broker keeps it for those who subscribe later.
    public var isRetained: Bool
    /// Seconds after which the broker throws it away; `nil` keeps it.
    public var expirySeconds: UInt32?
    /// Whether this delivery was kept by the broker rather than just published; set on receipt only.
    public var wasRetained: Bool

    public init(
        topic: String, payload: Data, isRetained: Bool = false, expirySeconds: UInt32? = nil,
        wasRetained: Bool = false
    ) {
        self.topic = topic
        self.payload = payload
        self.isRetained = isRetained
        self.expirySeconds = expirySeconds
        self.wasRetained = wasRetained
    }
}

/// The message a broker sends in somebody's place once their connection is gone.
public struct Will: Sendable, Equatable {
    public var message: Message
    /// Seconds the broker waits first, so that a short break goes unnoticed.
    public var delaySeconds: UInt32

    public init(message: Message, delaySeconds: UInt32) {
        self.message = message
        self.delaySeconds = delaySeconds
    }
}
