// SPDX-License-Identifier: Apache-2.0

import LinnetFleet

/// What is rolled out in a simulated fleet, and what goes wrong there.
public struct RolloutSimulationSettings: Sendable, Equatable {
    public var plan: RolloutPlan
    public var seed: UInt64
    /// Share of agents that are away when the rollout begins.
    public var offlineShare: Double
    /// Hours until the last of them is back; `nil` if they stay away.
    public var backWithinHours: Double?
    /// Share of agents whose device can not take a version, whichever it is.
    public var failingShare: Double
    public var faults: FaultRates
    /// The rollout is given up after so many hours.
    public var maximumHours: Double

    public init(
        plan: RolloutPlan = .standard, seed: UInt64 = 1, offlineShare: Double = 0, backWithinHours: Double? = 12,
        failingShare: Double = 0, faults: FaultRates = .calm, maximumHours: Double = 48
    ) {
        self.plan = plan
        self.seed = seed
        self.offlineShare = offlineShare
        self.backWithinHours = backWithinHours
        self.failingShare = failingShare
        self.faults = faults
        self.maximumHours = maximumHours
    }
}
