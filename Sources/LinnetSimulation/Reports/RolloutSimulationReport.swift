// SPDX-License-Identifier: Apache-2.0

import LinnetFleet

/// How a simulated rollout stands after one look at the time.
public struct RolloutTick: Sendable, Equatable, Codable {
    /// Virtual seconds since it was started.
    public var seconds: Double
    public var phase: RolloutPhase
    /// From 0 on; -1 before the first.
    public var stage: Int
    public var counts: RolloutCounts
    /// How many agents stand in each state; only states in which somebody stands.
    public var states: [String: Int]
    /// How many run the new version.
    public var running: Int
    public var waitsFor: String?
}

/// What a simulated rollout came to.
public struct RolloutSimulationReport: Sendable, Equatable, Codable {
    public var agents: Int
    public var offline: Int
    public var failing: Int
    public var phase: RolloutPhase
    /// The last stage that was reached, from 1 on, of so many; 0 before the first.
    public var stage: Int
    public var stages: Int
    /// Why it ended as it did, or what it still waits for.
    public var reason: String
    public var counts: RolloutCounts
    /// How many run the new version at the end, and how many the one before.
    public var onNew: Int
    public var onOld: Int
    public var isQuarantined: Bool
    public var ticks: Int
    public var events: Int
    public var virtualSeconds: Double
    /// Of all events, in order: the same seed and software give the same one.
    public var digest: String
}
