// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Where one cohort stands.
public struct CohortReport: Codable, Sendable, Equatable {
    public var id: CohortID
    /// Names of the contract's channels, in order.
    public var channels: [String]
    /// Agents whose devices keep this contract.
    public var agents: Int
    public var online: Int
    /// The version that the newest release names; absent before the first.
    public var released: ModelVersion?
    /// Number of the newest release, 0 before the first.
    public var release: Int
    /// Agents that run the released version.
    public var agentsOnVersion: Int
    public var openRound: Int?
    public var roundsCommitted: Int
    public var roundsAbandoned: Int
    /// Mean reconstruction error before the first committed training round, as its participants reported it.
    public var firstLoss: Double?
    /// The same after the last committed training round.
    public var lastLoss: Double?
    /// What the next round waits for, in words; absent while one is open.
    public var blocker: String?

    public init(
        id: CohortID, channels: [String], agents: Int, online: Int, released: ModelVersion?, release: Int,
        agentsOnVersion: Int, openRound: Int?, roundsCommitted: Int, roundsAbandoned: Int, firstLoss: Double?,
        lastLoss: Double?, blocker: String?
    ) {
        self.id = id
        self.channels = channels
        self.agents = agents
        self.online = online
        self.released = released
        self.release = release
        self.agentsOnVersion = agentsOnVersion
        self.openRound = openRound
        self.roundsCommitted = roundsCommitted
        self.roundsAbandoned = roundsAbandoned
        self.firstLoss = firstLoss
        self.lastLoss = lastLoss
        self.blocker = blocker
    }
}
