// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging
import Synchronization

/// Takes messages off the bus's thread, in order, and holds them until the agent has time for them.
///
/// Nothing in it need be durable: acknowledgements are said again, offers and releases are retained by the broker, and a chunk
/// that is lost is asked for. So when it is full, messages go, and are counted.
final class AgentInbox: Sendable {
    enum Input: Sendable {
        case message(Message)
        case connection(isConnected: Bool)
    }

    /// Most messages, and most bytes of them, that wait.
    static let maximumMessages = 512
    static let maximumBytes = 4 << 20

    private let mailbox = Mailbox<Input>(limit: maximumMessages)
    private let waitingBytes = Mutex(0)
    private let droppedCount = Mutex(0)

    /// What arrives, in order; call ``taken(_:)`` for each.
    var inputs: AsyncStream<Input> { mailbox.stream }

    /// Messages that found no room.
    var dropped: Int { droppedCount.withLock { $0 } }

    /// Subscribes to all that an agent of a cohort listens to, before the bus runs.
    func attach(to bus: any MessageBus, topics: TopicScheme, agent: AgentID, cohort: CohortID) {
        let filters = [
            topics.toAgent(agent), topics.rounds(of: cohort), topics.releases(of: cohort), topics.modelChunks,
        ]
        for filter in filters { bus.subscribe(to: filter) { [self] in receive($0) } }
        bus.observeConnection { [self] state in
            mailbox.post(.connection(isConnected: state == .connected))
        }
    }

    /// Notes that a message is dealt with.
    func taken(_ message: Message) {
        waitingBytes.withLock { $0 -= message.payload.count }
    }

    private func receive(_ message: Message) {
        let fits = waitingBytes.withLock { bytes in
            guard bytes + message.payload.count <= Self.maximumBytes else { return false }
            bytes += message.payload.count
            return true
        }
        if fits {
            if mailbox.post(.message(message)) { return }
            taken(message)
        }
        droppedCount.withLock { $0 += 1 }
    }
}
