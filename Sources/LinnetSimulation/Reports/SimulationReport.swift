// SPDX-License-Identifier: Apache-2.0

/// What a simulation came to.
public struct SimulationReport: Sendable, Equatable, Codable {
    public var agents: Int
    public var malicious: Int
    public var strategy: String
    public var seed: UInt64
    public var rounds: [RoundOutcome]
    /// Of all events, in order: the same seed and software give the same one.
    public var digest: String
    /// The last version and the digest of its file.
    public var version: Int
    public var model: String
    public var parameters: Int
    /// Reconstruction error of the first trained version and of the last, on the judges' normal windows.
    public var firstLoss: Double
    public var lastLoss: Double
    public var precision: Double
    public var recall: Double
    public var f1: Double
    public var falseAlarmRate: Double
    /// The share of windows with a backdoor's trigger that raised no alarm; absent without a backdoor.
    public var triggersMissed: Double?
    /// Updates of honest agents that were refused.
    public var honestRefused: Int
    public var messages: Int
    public var messagesLost: Int
    public var messagesRepeated: Int
    public var agentRestarts: Int
    public var coordinatorRestarts: Int
    /// Events handled, and virtual seconds that passed.
    public var events: Int
    public var virtualSeconds: Double
    /// Agents' answers that were computed.
    public var trainings: Int
}
