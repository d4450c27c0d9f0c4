// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// One model version and where it comes from.
public struct ModelReport: Codable, Sendable, Equatable {
    public var cohort: CohortID
    public var version: ModelVersion
    /// The version it was trained from; absent for a cohort's first.
    public var parent: ModelVersion?
    /// The round that made it.
    public var round: Int
    /// Whose updates are in it.
    public var participants: [AgentID]
    /// Size of the safetensors file.
    public var bytes: Int
    /// Number of weights and biases.
    public var parameters: Int
    public var lossBefore: Double?
    public var lossAfter: Double?
    public var createdAt: Timestamp
    /// The newest release that names this version.
    public var release: Int?
    /// Who brought it in, where no round made it.
    public var origin: String?
    /// Why it must not be used again; absent while it may.
    public var quarantine: String?
    public var aliases: [String]
    /// Which of its cohort's lineages it is of.
    public var lineage: Int
    /// How it does on agents that did not train it; absent until that is known.
    public var evaluation: VersionEvaluation?

    public init(
        cohort: CohortID, version: ModelVersion, parent: ModelVersion?, round: Int, participants: [AgentID],
        bytes: Int, parameters: Int, lossBefore: Double?, lossAfter: Double?, createdAt: Timestamp, release: Int?,
        origin: String? = nil, quarantine: String? = nil, aliases: [String] = [],
        lineage: Int = 0, evaluation: VersionEvaluation? = nil
    ) {
        self.cohort = cohort
        self.version = version
        self.parent = parent
        self.round = round
        self.participants = participants
        self.bytes = bytes
        self.parameters = parameters
        self.lossBefore = lossBefore
        self.lossAfter = lossAfter
        self.createdAt = createdAt
        self.release = release
        self.origin = origin
        self.quarantine = quarantine
        self.aliases = aliases
        self.lineage = lineage
        self.evaluation = evaluation
    }
}

/// The answer of `GET /api/v1/models`.
public struct ModelsPage: Codable, Sendable, Equatable {
    /// Newest first.
    public var models: [ModelReport]

    public init(models: [ModelReport]) { self.models = models }
}
