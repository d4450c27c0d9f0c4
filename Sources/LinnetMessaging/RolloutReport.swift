// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Where an agent stands with a released version.
public enum RolloutState: String, Codable, Sendable, Hashable, CaseIterable {
    case downloading, verified, shadowing, selfTesting
    /// It has passed its trials, and waits for the machine to be idle or a window to open.
    case ready
    /// It raises the alarms now, watched beside the version before it.
    case activated
    /// It has raised them for long enough beside the version before it.
    case confirmed
    /// It is not taken; the version before stays.
    case refused
    /// It was active, misbehaved, and the version before is back.
    case reverted
}

/// Progress and evidence of one model swap.
public struct RolloutReport: Codable, Sendable, Equatable {
    public var agent: AgentID
    public var release: Int
    public var version: ModelVersion
    public var state: RolloutState
    /// One sentence for a person; why, where the version was refused.
    public var reason: String
    /// What was measured, by name: shadow windows, self-test recall and so on.
    public var evidence: [String: Double]
    public var at: Timestamp

    public init(
        agent: AgentID, release: Int, version: ModelVersion, state: RolloutState, reason: String,
        evidence: [String: Double], at: Timestamp
    ) {
        self.agent = agent
        self.release = release
        self.version = version
        self.state = state
        self.reason = reason
        self.evidence = evidence
        self.at = at
    }
}
