// SPDX-License-Identifier: Apache-2.0

/// How a model is made a device's own.
public struct CalibrationSettings: Sendable, Hashable {
    /// Whether the device runs the linear reference beside the model.
    public var usesLinearReference: Bool
    public var threshold: ThresholdKind
    /// When windows make an alarm, for what the threshold is said to have achieved.
    public var policy: AlarmPolicy

    public init(
        usesLinearReference: Bool = true, threshold: ThresholdKind = .quantile, policy: AlarmPolicy = AlarmPolicy()
    ) {
        self.usesLinearReference = usesLinearReference
        self.threshold = threshold
        self.policy = policy
    }
}
