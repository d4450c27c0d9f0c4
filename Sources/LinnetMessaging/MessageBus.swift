// SPDX-License-Identifier: Apache-2.0

/// Whether messages can flow just now.
public enum ConnectionState: Sendable, Equatable {
    /// Connected, every subscription made.
    case connected
    /// Not connected; the bus keeps trying by itself.
    case disconnected(reason: String)
}

/// Why a message was not handed over.
public enum BusError: Error, Equatable, CustomStringConvertible {
    /// There is no connection, or it broke before the broker acknowledged; the message may or may not have arrived.
    case notConnected
    /// The payload is larger than the configured limit.
    case tooLarge(bytes: Int, limit: Int)
    /// More publishers wait for a free place than the configured limit allows.
    case tooManyWaiting(limit: Int)
    /// The broker refused it, with an MQTT 5 reason code of 128 or more.
    case refused(reasonCode: Int, topic: String)
    /// The transport library failed.
    case transport(String)

    public var description: String {
        switch self {
        case .notConnected: "no connection to the broker"
        case .tooLarge(let bytes, let limit): "a message of \(bytes) bytes is over the limit of \(limit)"
        case .tooManyWaiting(let limit): "\(limit) messages wait for the broker already"
        case .refused(let code, let topic):
            "the broker refused a message on \(topic) with reason code \(code)"
                + (code == 135 ? " (not authorized: check the broker's access rules)" : "")
        case .transport(let text): "MQTT transport: \(text)"
        }
    }
}

/// Where messages go and come from: a broker in production, memory in tests and simulation.
public protocol MessageBus: Sendable {
    /// Hands a message to the broker, and returns once the broker has acknowledged it.
    ///
    /// That is not delivery: only the coordinator's own ``Acknowledgement`` is.
    func publish(_ message: Message) async throws(BusError)

    /// Subscribes now and after every reconnect.
    ///
    /// - Parameter receive: called on the bus's own thread before the broker gets its acknowledgement, one message at a
    ///   time: commit what must not be lost, hand the rest on, and return. It must not wait for `publish`.
    func subscribe(to filter: TopicFilter, receive: @escaping @Sendable (Message) -> Void)

    /// Tells of every change of the connection, starting with the present state; called on the bus's own thread.
    func observeConnection(_ observer: @escaping @Sendable (ConnectionState) -> Void)
}

/// A topic pattern with MQTT's wildcards `+` (one level) and `#` (all that follow).
public struct TopicFilter: Hashable, Sendable, CustomStringConvertible {
    public let text: String

    public init(_ text: String) { self.text = text }

    public var description: String { text }

    /// Whether a topic falls under this pattern (MQTT 5, section 4.7).
    public func matches(_ topic: String) -> Bool {
        let pattern = text.split(separator: "/", omittingEmptySubsequences: false)
        let levels = topic.split(separator: "/", omittingEmptySubsequences: false)
        for (position, part) in pattern.enumerated() {
            if part == "#" { return position > 0 || topic.first != "$" }
            guard position < levels.count else { return false }
            if part == "+" {
                if position == 0, topic.first == "$" { return false }
            } else if part != levels[position] {
                return false
            }
        }
        return pattern.count == levels.count
    }
}
