// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging

/// One run of an agent: its name, a name of the run, and what the broker says when it ends without a goodbye.
public struct AgentSession: Sendable, Equatable {
    public let agent: AgentID
    public let id: ULID
    public let topics: TopicScheme
    public let startedAt: Timestamp

    /// Seconds the broker waits before it tells the will, so that a short break goes unnoticed.
    public static let willDelaySeconds: UInt32 = 10

    /// Begins a session.
    public init(
        agent: AgentID, prefix: String = TopicScheme.standardPrefix, at time: Timestamp,
        using generator: inout some RandomNumberGenerator
    ) {
        self.agent = agent
        id = ULID(at: time, using: &generator)
        topics = TopicScheme(prefix: prefix)
        startedAt = time
    }

    /// Says that the agent is offline. It stands on a topic of its own, so it never overwrites the agent's last state.
    public func will() throws(WireError) -> Will {
        let presence = Presence(online: false, session: id, at: startedAt)
        let message = Message(
            topic: topics.text(.presence(agent)), payload: try Wire.encode(presence), isRetained: true)
        return Will(message: message, delaySeconds: Self.willDelaySeconds)
    }
}
