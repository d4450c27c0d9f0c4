// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// The coordinator's verdict on one update.
public struct UpdateReceipt: Codable, Sendable, Equatable {
    public var round: Int
    /// The update's sequence number.
    public var sequence: Int64
    public var accepted: Bool
    /// Why it was refused; empty where it was accepted.
    public var reason: String

    public init(round: Int, sequence: Int64, accepted: Bool, reason: String) {
        self.round = round
        self.sequence = sequence
        self.accepted = accepted
        self.reason = reason
    }
}

/// What the coordinator has safely stored of an agent's messages; sent after its commit.
public struct Acknowledgement: Codable, Sendable, Equatable {
    /// Every event up to this sequence number is stored (or was dropped by the agent itself): its outbox row can go.
    public var through: Int64
    /// The `echo` of the agent's last ``AgentState``, if any was seen.
    public var echo: String?
    public var receipts: [UpdateReceipt]
    public var at: Timestamp

    public init(through: Int64, echo: String?, receipts: [UpdateReceipt], at: Timestamp) {
        self.through = through
        self.echo = echo
        self.receipts = receipts
        self.at = at
    }
}
