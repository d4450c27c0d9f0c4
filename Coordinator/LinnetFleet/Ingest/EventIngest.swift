// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging

/// Why an anomaly message was not taken.
public enum IngestError: Error, Equatable, CustomStringConvertible {
    /// The bytes are no anomaly event.
    case unreadable(WireError)
    /// The event names another agent or device than the topic it came on.
    case wrongSender(topic: String, claimed: String)
    /// The event's id is that of another agent's event.
    case foreignID(ULID)

    public var description: String {
        switch self {
        case .unreadable(let error): "\(error)"
        case .wrongSender(let topic, let claimed): "the event is by \(claimed), but came on the topic of \(topic)"
        case .foreignID(let id): "event \(id) is another agent's"
        }
    }
}

/// Takes anomaly events in: reads, checks the sender, commits. Only then may anything be acknowledged.
public struct EventIngest: Sendable {
    private let store: any EventStore
    private let clock: WallClock

    public init(store: any EventStore, clock: WallClock) {
        self.store = store
        self.clock = clock
    }

    /// Stores one event; it is committed when this returns.
    ///
    /// - Throws: ``IngestError`` for a message that must not be stored, or the store's own error.
    public func take(_ payload: Data, agent: AgentID, device: DeviceID) throws -> EventOutcome {
        let message: AnomalyMessage
        do {
            message = try Wire.decode(AnomalyMessage.self, from: payload)
        } catch {
            throw IngestError.unreadable(error)
        }
        guard message.event.agent == agent, message.event.device == device else {
            throw IngestError.wrongSender(
                topic: "\(agent)/\(device)", claimed: "\(message.event.agent)/\(message.event.device)")
        }
        let outcome = try store.record(message, at: clock.now())
        guard outcome != .foreign else { throw IngestError.foreignID(message.event.id) }
        return outcome
    }
}
