// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// The fleet at a glance: the answer of `GET /api/v1/status`.
public struct FleetReport: Codable, Sendable, Equatable {
    /// The coordinator's software version.
    public var software: String
    /// What the configuration calls this fleet.
    public var fleet: String
    public var startedAt: Timestamp
    /// When this report was made.
    public var at: Timestamp
    public var brokerConnected: Bool
    /// Agents that have ever reported.
    public var agents: Int
    public var agentsOnline: Int
    /// Agents that run the newest release of their cohort.
    public var agentsOnVersion: Int
    public var cohorts: [CohortReport]
    public var roundsCommitted: Int
    public var roundsAbandoned: Int
    /// Anomaly events in the store.
    public var eventsStored: Int
    /// Stored events that have not cleared.
    public var activeAlarms: Int
    /// Updates refused since the fleet was set up.
    public var updatesRefused: Int

    public init(
        software: String, fleet: String, startedAt: Timestamp, at: Timestamp, brokerConnected: Bool, agents: Int,
        agentsOnline: Int, agentsOnVersion: Int, cohorts: [CohortReport], roundsCommitted: Int, roundsAbandoned: Int,
        eventsStored: Int, activeAlarms: Int, updatesRefused: Int
    ) {
        self.software = software
        self.fleet = fleet
        self.startedAt = startedAt
        self.at = at
        self.brokerConnected = brokerConnected
        self.agents = agents
        self.agentsOnline = agentsOnline
        self.agentsOnVersion = agentsOnVersion
        self.cohorts = cohorts
        self.roundsCommitted = roundsCommitted
        self.roundsAbandoned = roundsAbandoned
        self.eventsStored = eventsStored
        self.activeAlarms = activeAlarms
        self.updatesRefused = updatesRefused
    }
}
