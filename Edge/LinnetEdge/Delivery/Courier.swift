// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging
import Logging

/// Carries events from the outbox to the coordinator, and lets go of those that it has acknowledged.
public actor Courier {
    private let agent: AgentID
    private let topics: TopicScheme
    private let store: EdgeStore
    private let bus: (any MessageBus)?
    private let clock: AgentClock
    private let logger: Logger
    private var delivery = OutboxDelivery()
    private var isStale = true
    /// One reason that waits is as good as many.
    private let reasons = Mailbox<Void>(limit: 1)
    private var known = EdgeStore.OutboxStatus(depth: 0, oldest: nil, dropped: 0)

    /// - Parameter bus: `nil` where the agent works alone; events then wait for good.
    public init(
        agent: AgentID, topics: TopicScheme, store: EdgeStore, bus: (any MessageBus)?, clock: AgentClock,
        logger: Logger
    ) {
        self.agent = agent
        self.topics = topics
        self.store = store
        self.bus = bus
        self.clock = clock
        self.logger = logger
    }

    /// How full the outbox is.
    public func status() async throws(EdgeStoreError) -> EdgeStore.OutboxStatus {
        if isStale {
            isStale = false
            let status = try await store.outboxStatus()
            if status.dropped > known.dropped, known.dropped > 0 || known.depth > 0 {
                logger.warning(
                    "outbox is full, events were dropped",
                    metadata: ["outbox.dropped": "\(status.dropped)", "outbox.depth": "\(status.depth)"])
            }
            known = status
        }
        return known
    }

    /// Sends what is due whenever there is a reason to look, until the task is cancelled.
    package func run() async throws(EdgeStoreError) {
        for await _ in reasons.stream { try await sendDue() }
    }

    /// Takes in that an event was committed.
    package func eventCommitted() {
        isStale = true
        reasons.post(())
    }

    /// Takes in a change of the connection.
    package func connectionChanged(isConnected: Bool) {
        delivery.connectionChanged(isConnected: isConnected)
        reasons.post(())
    }

    /// Takes in what the coordinator has stored.
    package func acknowledged(through sequence: Int64) async throws(EdgeStoreError) {
        guard try await status().depth > 0 else { return }
        delivery.acknowledged(through: sequence)
        guard try await store.acknowledge(through: sequence) > 0 else { return }
        isStale = true
        reasons.post(())
    }

    /// Looks whether something was not acknowledged in time.
    package func tick() { reasons.post(()) }

    /// Sends all that is due now.
    package func sendDue() async throws(EdgeStoreError) {
        guard let bus, try await status().depth > 0 else { return }
        while true {
            let head = try await store.outbox(after: 0, limit: OutboxDelivery.window)
            let messages = delivery.due(head, uptime: clock.uptime(), now: clock.now())
            guard !messages.isEmpty else { return }
            for message in messages where try await !send(message, over: bus) { return }
        }
    }

    /// - Returns: whether to go on with the next one.
    private func send(_ message: AnomalyMessage, over bus: any MessageBus) async throws(EdgeStoreError) -> Bool {
        delivery.sent(message.sequence, uptime: clock.uptime())
        do {
            let topic = topics.text(.anomaly(agent, message.event.device))
            try await bus.publish(Message(topic: topic, payload: Wire.encode(message)))
            return true
        } catch BusError.notConnected {
            return false
        } catch {
            logger.warning(
                "event not sent, it will be tried again",
                metadata: ["event.id": "\(message.event.id)", "reason": "\(error)"])
            return true
        }
    }
}
