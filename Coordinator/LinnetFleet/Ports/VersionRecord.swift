// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain

/// One immutable model version and where it comes from.
public struct VersionRecord: Sendable, Equatable {
    public var cohort: CohortID
    public var version: ModelVersion
    /// The version it was trained from; absent for a cohort's first.
    public var parent: Digest?
    public var round: Int
    /// Which of the cohort's lineages it is of.
    public var lineage: Int
    public var participants: [AgentID]
    /// Who brought it in, where no round made it; `round` is 0 then.
    public var origin: String?
    /// The whole safetensors file.
    public var file: Data
    /// What the strategy remembers for the next round, see `ServerState`; `nil` where it remembers nothing.
    public var serverState: Data?
    public var parameters: Int
    public var lossBefore: Double?
    public var lossAfter: Double?
    public var createdAt: Timestamp

    public init(
        cohort: CohortID, version: ModelVersion, parent: Digest?, round: Int, lineage: Int = 0,
        participants: [AgentID], origin: String? = nil,
        file: Data,
        serverState: Data? = nil, parameters: Int, lossBefore: Double?, lossAfter: Double?, createdAt: Timestamp
    ) {
        self.cohort = cohort
        self.version = version
        self.parent = parent
        self.round = round
        self.lineage = lineage
        self.participants = participants
        self.origin = origin
        self.file = file
        self.serverState = serverState
        self.parameters = parameters
        self.lossBefore = lossBefore
        self.lossAfter = lossAfter
        self.createdAt = createdAt
    }
}
