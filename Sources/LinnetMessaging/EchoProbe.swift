// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import Synchronization

/// Proves that each topic a side subscribes to really passes the broker: a subscription that its access rules forbid is
/// granted all the same, and stays silent.
///
/// For each filter a message is published on a topic below it, named `_echo` at every wildcard;
/// those that do not come back in time are the silent ones. No agent, device or cohort can have that name.
public final class EchoProbe: Sendable {
    private static let name = IdentifierError.reserved

    private let waiting: Mutex<[String: TopicFilter]>

    /// The topic that tests `filter`.
    public static func topic(under filter: TopicFilter) -> String {
        filter.text.split(separator: "/", omittingEmptySubsequences: false)
            .map { $0 == "+" || $0 == "#" ? name : String($0) }.joined(separator: "/")
    }

    /// Prepares one probe a filter.
    public init(filters: [TopicFilter]) {
        waiting = Mutex(Dictionary(filters.map { (Self.topic(under: $0), $0) }) { first, _ in first })
    }

    /// The messages to publish.
    public var messages: [Message] {
        waiting.withLock { waiting in
            waiting.keys.sorted().map { Message(topic: $0, payload: Data("{\"echo\":true}".utf8), expirySeconds: 10) }
        }
    }

    /// Whether a message is a probe that came back; take it out of the stream then.
    public func receive(_ message: Message) -> Bool {
        let levels = message.topic.split(separator: "/", omittingEmptySubsequences: false)
        guard levels.contains(where: { $0 == Self.name }) else { return false }
        waiting.withLock { $0[message.topic] = nil }
        return true
    }

    /// Filters under which nothing has come back yet.
    public var silent: [TopicFilter] { waiting.withLock { $0.values.sorted { $0.text < $1.text } } }
}
