// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging
import LinnetNumerics

/// An update that has passed every check.
public struct UpdateRecord: Sendable, Equatable {
    public var header: UpdateHeader
    /// The whole model with the trained weights, however few bytes it came in, or the statistics as JSON.
    public var body: Data
    /// The change of the agent's control variate, where the round has control variates.
    public var control: ParameterVector?
    public var receivedAt: Timestamp
    /// The round it counts for: the one it answers, or a later one that took it into its buffer.
    public var round: Int

    public init(
        header: UpdateHeader, body: Data, control: ParameterVector? = nil, receivedAt: Timestamp, round: Int? = nil
    ) {
        self.header = header
        self.round = round ?? header.round
        self.body = body
        self.control = control
        self.receivedAt = receivedAt
    }
}

/// What became of an agent's update in a round.
public struct UpdateVerdict: Sendable, Equatable {
    public var round: Int
    public var agent: AgentID
    public var sequence: Int64
    public var accepted: Bool
    /// ``UpdateRefusal/code``; empty where it was accepted.
    public var code: String
    public var reason: String

    public init(round: Int, agent: AgentID, sequence: Int64, accepted: Bool, code: String, reason: String) {
        self.round = round
        self.agent = agent
        self.sequence = sequence
        self.accepted = accepted
        self.code = code
        self.reason = reason
    }

    /// Whether the agent itself has been turned down for what its update holds, and so will not answer the round.
    ///
    /// Anybody can send what is not signed, and a replay or a second update says nothing of the one that may yet come.
    public var isFinalRefusal: Bool {
        !accepted && sequence > 0 && !["replayed", "duplicate", "round-closed", "wrong-cohort"].contains(code)
    }

    public var receipt: UpdateReceipt {
        UpdateReceipt(
            round: round, sequence: sequence, accepted: accepted, reason: accepted ? "" : "\(code): \(reason)")
    }
}
