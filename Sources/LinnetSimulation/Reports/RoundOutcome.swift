// SPDX-License-Identifier: Apache-2.0

/// How one round of a simulation went.
public struct RoundOutcome: Sendable, Equatable, Codable {
    public var round: Int
    /// `statistics` or `training`.
    public var kind: String
    /// `committed` or `abandoned`.
    public var phase: String
    /// Agents that were asked, updates taken, and updates refused by the code of the reason.
    public var asked: Int
    public var accepted: Int
    /// Of those, answers to earlier rounds.
    public var late: Int
    public var refused: [String: Int]
    /// The version it made.
    public var version: Int?
    /// Mean reconstruction error of that version on the judges' normal windows.
    public var loss: Double?
    /// Virtual seconds from the offer to the end.
    public var seconds: Double
    /// Bytes of updates taken.
    public var bytes: Int
    /// Why it was abandoned.
    public var reason: String?
}
