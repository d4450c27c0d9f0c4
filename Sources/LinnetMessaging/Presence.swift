// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Whether an agent is connected; retained, and left as the agent's will.
public struct Presence: Codable, Sendable, Equatable {
    public var online: Bool
    /// Names this run of the agent, so that an old will does not contradict a new run.
    public var session: ULID
    public var at: Timestamp

    public init(online: Bool, session: ULID, at: Timestamp) {
        self.online = online
        self.session = session
        self.at = at
    }
}
