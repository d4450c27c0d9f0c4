// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetMessaging

/// What the coordinator keeps of an agent.
public struct AgentRecord: Sendable, Equatable {
    public var id: AgentID
    /// The run of the agent that was heard last.
    public var session: ULID
    public var isOnline: Bool
    /// When the coordinator last heard of it, by the coordinator's clock.
    public var lastSeen: Timestamp
    /// The last state it reported; absent if only its presence is known.
    public var state: AgentState?

    public init(id: AgentID, session: ULID, isOnline: Bool, lastSeen: Timestamp, state: AgentState?) {
        self.id = id
        self.session = session
        self.isOnline = isOnline
        self.lastSeen = lastSeen
        self.state = state
    }

    /// The record after a presence message: an old run's will does not take a new run offline.
    public static func after(_ presence: Presence, from agent: AgentID, at now: Timestamp, previous: AgentRecord?)
        -> AgentRecord
    {
        var record =
            previous
            ?? AgentRecord(id: agent, session: presence.session, isOnline: presence.online, lastSeen: now, state: nil)
        if presence.online {
            record.session = presence.session
            record.isOnline = true
            record.lastSeen = now
        } else if presence.session == record.session {
            record.isOnline = false
        }
        return record
    }

    /// The record after a state message.
    ///
    /// - Parameter isLive: false where the broker had kept it; it then says what the agent ran, not that it is there.
    public static func after(_ state: AgentState, at now: Timestamp, isLive: Bool, previous: AgentRecord?)
        -> AgentRecord
    {
        var record =
            previous
            ?? AgentRecord(id: state.agent, session: state.session, isOnline: isLive, lastSeen: now, state: nil)
        record.state = state
        if isLive {
            record.session = state.session
            record.isOnline = true
            record.lastSeen = now
        }
        return record
    }
}
