// SPDX-License-Identifier: Apache-2.0

import LinnetConfiguration
import LinnetDetection

/// When a device is in alarm: the `detection` section.
public struct DetectionConfiguration: Sendable, Equatable {
    /// What the threshold of a model learned alone aims at, in false alarms per device and day; a released model brings
    /// its own target.
    public var falseAlarmsPerDay: Double
    /// When an alarm is raised and when it has cleared.
    public var policy: AlarmPolicy
    /// How the threshold is found.
    public var threshold: ThresholdKind
    /// Whether each device runs the linear reference beside its model.
    public var usesLinearReference: Bool
    /// What a model's error is set against.
    public var errors: CalibrationSettings.ErrorScale
    /// Whether thresholds follow the scores, within bounds.
    public var recalibrates: Bool

    public init(
        falseAlarmsPerDay: Double = 1, policy: AlarmPolicy = AlarmPolicy(), threshold: ThresholdKind = .quantile,
        usesLinearReference: Bool = true, errors: CalibrationSettings.ErrorScale = .absolute,
        recalibrates: Bool = true
    ) {
        self.falseAlarmsPerDay = falseAlarmsPerDay
        self.policy = policy
        self.threshold = threshold
        self.usesLinearReference = usesLinearReference
        self.errors = errors
        self.recalibrates = recalibrates
    }

    /// How a model is made a device's own.
    public var calibration: CalibrationSettings {
        CalibrationSettings(
            usesLinearReference: usesLinearReference, threshold: threshold, policy: policy, errors: errors)
    }

    /// Reads the `detection` section; what is wrong with it is noted there.
    public init(reading section: ConfigurationSection) {
        falseAlarmsPerDay = section.number("falseAlarmsPerDay", default: 1, in: 0.001...1000)
        policy = Self.policy(section)
        let name = section.string(
            "threshold", default: ThresholdKind.quantile.rawValue, allowed: ThresholdKind.allCases.map(\.rawValue))
        threshold = ThresholdKind(rawValue: name) ?? .quantile
        usesLinearReference = section.boolean("linearReference", default: true)
        let scale = section.string(
            "errors", default: CalibrationSettings.ErrorScale.absolute.rawValue,
            allowed: CalibrationSettings.ErrorScale.allCases.map(\.rawValue))
        errors = CalibrationSettings.ErrorScale(rawValue: scale) ?? .absolute
        recalibrates = section.boolean("recalibrate", default: true)
    }

    private static func policy(_ section: ConfigurationSection) -> AlarmPolicy {
        let smoothing = section.string(
            "smoothing", default: ScoreSmoother.Kind.mean.rawValue,
            allowed: ScoreSmoother.Kind.allCases.map(\.rawValue))
        return AlarmPolicy(
            raiseAfter: section.integer("raiseAfter", default: 3, in: 1...1000),
            clearAfter: section.integer("clearAfter", default: 12, in: 1...10_000),
            clearRatio: section.number("clearRatio", default: 0.8, in: 0.1...1),
            smoothing: ScoreSmoother.Kind(rawValue: smoothing) ?? .mean,
            smoothingSpan: section.integer("smoothingSpan", default: 1, in: 1...1000),
            minimumDurationMilliseconds: section.duration(
                "minimumDuration", default: .zero, in: .zero ... .seconds(86_400)
            ).wholeMilliseconds,
            coolDownMilliseconds: section.duration("coolDown", default: .zero, in: .zero ... .seconds(7 * 86_400))
                .wholeMilliseconds)
    }
}
