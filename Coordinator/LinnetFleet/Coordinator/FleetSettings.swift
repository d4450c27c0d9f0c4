// SPDX-License-Identifier: Apache-2.0

import LinnetFederation
import LinnetNN
import LinnetNumerics

/// What a coordinator is told once, at start.
public struct FleetSettings: Sendable, Equatable {
    /// The name the operator gave this fleet.
    public var name: String
    public var rounds: RoundPolicy
    /// The network of a cohort's first version.
    public var model: ModelDescription
    /// The threshold policy of every version: false alarms a device and day.
    public var falseAlarmsPerDay: Double
    /// How updates become the next version.
    public var strategy: StrategyDescription
    /// How a cohort's statistics become the scaler of its first version, and a device's own values its own scale.
    public var scaling: ScalingRule
    /// Longest way one update may move the model (L2 norm); one that goes further is refused.
    public var maximumUpdateNorm: Double
    /// What becomes of a version that a training round has made.
    public var release: ReleasePolicy
    /// Live windows a device scores with a version beside its active one, where the policy is `immediate`.
    public var shadowWindows: Int
    /// How long a release may be begun with after it was last said; above 0.
    public var releaseValidMilliseconds: Int64
    /// How a version reaches its cohort, unless a person plans otherwise.
    public var rolloutPlan: RolloutPlan
    public var retention: RetentionLimits
    public var chunkBytes: Int

    public init(
        name: String = "linnet", rounds: RoundPolicy = RoundPolicy(),
        model: ModelDescription = .dense([24, 8]), falseAlarmsPerDay: Double = 1,
        strategy: StrategyDescription = .standard,
        scaling: ScalingRule = .standard, maximumUpdateNorm: Double = 100, release: ReleasePolicy = .immediate,
        shadowWindows: Int = 100, releaseValidMilliseconds: Int64 = 7 * 86_400_000,
        rolloutPlan: RolloutPlan = .standard, retention: RetentionLimits = RetentionLimits(),
        chunkBytes: Int = 65_536
    ) {
        self.name = name
        self.rounds = rounds
        self.model = model
        self.falseAlarmsPerDay = falseAlarmsPerDay
        self.strategy = strategy
        self.scaling = scaling
        self.maximumUpdateNorm = maximumUpdateNorm
        self.release = release
        self.shadowWindows = shadowWindows
        self.releaseValidMilliseconds = releaseValidMilliseconds
        self.rolloutPlan = rolloutPlan
        self.retention = retention
        self.chunkBytes = chunkBytes
    }
}
