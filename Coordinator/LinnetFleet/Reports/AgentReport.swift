// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetMessaging

/// One agent as the coordinator knows it.
public struct AgentReport: Codable, Sendable, Equatable {
    public var id: AgentID
    public var online: Bool
    /// When the coordinator last heard of it, by the coordinator's clock.
    public var lastSeen: Timestamp
    /// Absent until the agent has said what its devices measure.
    public var cohort: CohortID?
    /// Which of its cohort's lineages it is of; absent where the cohort has only one, or the agent has found none.
    public var lineage: Int?
    public var active: ModelVersion?
    public var previous: ModelVersion?
    public var candidate: ModelVersion?
    /// Highest release the agent has acted on.
    public var release: Int
    /// Whether it runs the newest release of its cohort.
    public var onNewest: Bool
    public var devices: [DeviceState]
    /// Normal windows it has stored for training.
    public var trainingWindows: Int
    public var outboxDepth: Int
    public var outboxDropped: Int
    /// Resident memory of the agent's process.
    public var residentBytes: Int
    /// Why it takes part in no round now; absent if it does.
    public var sitsOut: String?
    /// What it has refused since it started, how often, by name; absent while that is nothing.
    public var refused: [String: Int]?
    public var software: String

    public init(
        id: AgentID, online: Bool, lastSeen: Timestamp, cohort: CohortID?, lineage: Int? = nil,
        active: ModelVersion?, previous: ModelVersion?, candidate: ModelVersion?, release: Int, onNewest: Bool,
        devices: [DeviceState],
        trainingWindows: Int, outboxDepth: Int, outboxDropped: Int, residentBytes: Int, sitsOut: String?,
        refused: [String: Int]?, software: String
    ) {
        self.id = id
        self.online = online
        self.lastSeen = lastSeen
        self.cohort = cohort
        self.lineage = lineage
        self.active = active
        self.previous = previous
        self.candidate = candidate
        self.release = release
        self.onNewest = onNewest
        self.devices = devices
        self.trainingWindows = trainingWindows
        self.outboxDepth = outboxDepth
        self.outboxDropped = outboxDropped
        self.residentBytes = residentBytes
        self.sitsOut = sitsOut
        self.refused = refused
        self.software = software
    }
}

/// The answer of `GET /api/v1/agents`.
public struct AgentsPage: Codable, Sendable, Equatable {
    /// By name.
    public var agents: [AgentReport]

    public init(agents: [AgentReport]) { self.agents = agents }
}
