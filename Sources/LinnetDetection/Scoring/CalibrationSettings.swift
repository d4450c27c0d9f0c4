// SPDX-License-Identifier: Apache-2.0

/// How a model is made a device's own.
public struct CalibrationSettings: Sendable, Hashable {
    /// Whether the device runs the linear reference beside the model.
    public var usesLinearReference: Bool
    public var threshold: ThresholdKind
    public var errors: ErrorScale
    /// When windows make an alarm, for what the threshold is said to have achieved.
    public var policy: AlarmPolicy

    /// What a model's error is set against.
    public enum ErrorScale: String, Sendable, Codable, CaseIterable {
        /// Nothing.
        case absolute
        /// How much there is in the window: `RelativeError`.
        case relative
    }

    public init(
        usesLinearReference: Bool = true, threshold: ThresholdKind = .quantile, policy: AlarmPolicy = AlarmPolicy(),
        errors: ErrorScale = .absolute
    ) {
        self.usesLinearReference = usesLinearReference
        self.threshold = threshold
        self.policy = policy
        self.errors = errors
    }
}
