// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A broker in memory for tests and simulation: delivers at once, keeps retained messages, can be taken down.
public final class InMemoryBus: MessageBus {
    private struct State {
        var subscriptions: [(filter: TopicFilter, receive: @Sendable (Message) -> Void)] = []
        var observers: [@Sendable (ConnectionState) -> Void] = []
        var retained: [String: Message] = [:]
        var published: [Message] = []
        var isConnected = true
    }
    private let state = Mutex(State())

    public init() {}

    /// Everything that was ever published, in order.
    public var published: [Message] { state.withLock { $0.published } }

    /// The retained message of a topic.
    public func retained(_ topic: String) -> Message? { state.withLock { $0.retained[topic] } }

    /// Takes the broker down or up again; retained messages survive.
    public func setConnected(_ isConnected: Bool) {
        let observers = state.withLock { state in
            state.isConnected = isConnected
            return state.observers
        }
        let change: ConnectionState = isConnected ? .connected : .disconnected(reason: "taken down")
        for observer in observers { observer(change) }
        guard isConnected else { return }
        let redelivery = state.withLock { state in
            state.subscriptions.flatMap { subscription in
                Self.retained(in: state, under: subscription.filter).map { (subscription.receive, $0) }
            }
        }
        for (receive, message) in redelivery { receive(message) }
    }

    public func publish(_ message: Message) async throws(BusError) { try deliver(message) }

    /// Publishes without leaving the caller's thread.
    public func deliver(_ message: Message) throws(BusError) {
        let receivers = state.withLock { state -> [@Sendable (Message) -> Void]? in
            guard state.isConnected else { return nil }
            state.published.append(message)
            if message.isRetained {
                state.retained[message.topic] = message.payload.isEmpty ? nil : message
            }
            return state.subscriptions.filter { $0.filter.matches(message.topic) }.map(\.receive)
        }
        guard let receivers else { throw .notConnected }
        for receive in receivers { receive(message) }
    }

    public func subscribe(to filter: TopicFilter, receive: @escaping @Sendable (Message) -> Void) {
        let retained = state.withLock { state in
            state.subscriptions.append((filter, receive))
            return state.isConnected ? Self.retained(in: state, under: filter) : []
        }
        for message in retained { receive(message) }
    }

    public func observeConnection(_ observer: @escaping @Sendable (ConnectionState) -> Void) {
        let isConnected = state.withLock { state in
            state.observers.append(observer)
            return state.isConnected
        }
        observer(isConnected ? .connected : .disconnected(reason: "taken down"))
    }

    private static func retained(in state: State, under filter: TopicFilter) -> [Message] {
        state.retained.values.filter { filter.matches($0.topic) }.sorted { $0.topic < $1.topic }.map { message in
            var message = message
            message.wasRetained = true
            return message
        }
    }
}
