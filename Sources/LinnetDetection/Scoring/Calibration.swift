// SPDX-License-Identifier: Apache-2.0

import LinnetNN
import LinnetNumerics

/// What makes a cohort's model a device's own: its normal level and spread, a linear reference of its own, and the
/// threshold that its normal scores ask for.
///
/// The scores of both detectors are put on one scale, ``TailCalibration``, so that the more alarmed of the two decides.
public struct Calibration: Sendable, Codable, Hashable {
    /// This device's level and scale of each channel.
    public var level: DeviceLevel
    /// A window with a score above this is anomalous.
    public var threshold: Double
    /// Windows that the threshold was fitted on.
    public var windows: Int
    /// Anomalous windows that normal data are expected to give a day; alarms are fewer, for they need several in a row.
    public var expectedFalseAlarmsPerDay: Double
    /// What errors are set against; absent where they are taken as they are.
    public var relative: RelativeError?
    /// Turns reconstruction errors into surprises; without it the error itself is the score.
    public var tail: TailCalibration?
    /// The linear reference and what turns its scores into surprises; absent where there is none.
    public var linear: CalibratedReference?
    /// The device's own weights; absent where it scores with the model's.
    public var weights: OwnWeights?
    /// What follows the scores where the threshold does; absent where it is fixed.
    public var peaks: PeaksOverThreshold?
    /// What the threshold has done on normal windows that it was not fitted on; absent where they were too few.
    public var heldOut: HeldOutAlarms?

    public init(level: DeviceLevel, threshold: Double, windows: Int, expectedFalseAlarmsPerDay: Double) {
        self.level = level
        self.threshold = threshold
        self.windows = windows
        self.expectedFalseAlarmsPerDay = expectedFalseAlarmsPerDay
    }

    /// Share of the windows, the older ones, that level and reference are fitted on; all that judges scores is fitted on the
    /// others.
    public static let fitShare = 0.6
    /// Fewest windows for both.
    public static let minimumWindows = 50

    /// Calibrates a model on a device's own normal windows, oldest first.
    ///
    /// Level and threshold come from different windows: fitted on the same ones, the threshold would be too low by what
    /// the fit has already explained.
    ///
    /// - Parameters:
    ///   - weights: the device's own, in place of the model's.
    ///   - windowsPerDay: how many windows the device scores in 24 hours.
    /// - Throws: ``DetectionError`` if there are fewer than ``minimumWindows``, or the model does not fit them.
    public static func fit(
        model: ModelArtifact, weights: OwnWeights? = nil, windows: [SampleWindow], windowsPerDay: Double,
        settings: CalibrationSettings = CalibrationSettings()
    ) throws(DetectionError) -> Calibration {
        guard windows.count >= minimumWindows else {
            throw .tooFewWindows(found: windows.count, needed: minimumWindows)
        }
        let split = Int(Double(windows.count) * fitShare)
        return try fit(
            model: model, weights: weights, fitting: Array(windows[..<split]), calibratingOn: Array(windows[split...]),
            windowsPerDay: windowsPerDay, settings: settings)
    }

    /// Calibrates a model on normal windows that have been parted already.
    ///
    /// - Parameters:
    ///   - fitting: what level and linear reference are fitted on.
    ///   - others: what all that judges scores is fitted on, in the order of time, at least 20.
    /// - Throws: ``DetectionError`` if the others are too few, or the model does not fit the windows.
    public static func fit(
        model: ModelArtifact, weights: OwnWeights? = nil, fitting: [SampleWindow], calibratingOn others: [SampleWindow],
        windowsPerDay: Double, settings: CalibrationSettings = CalibrationSettings()
    ) throws(DetectionError) -> Calibration {
        let level = DeviceLevel.fit(fitting, cohort: model.scaler)
        var calibration = Calibration(level: level, threshold: 1, windows: 0, expectedFalseAlarmsPerDay: 0)
        calibration.weights = weights
        if settings.errors == .relative {
            calibration.relative = RelativeError(fitting: WindowStandardizer(level).matrix(fitting))
        }
        let detector = try ReconstructionDetector(model: model, calibration: calibration)
        var errors: [Double] = []
        for window in others { errors.append(try detector.score(window)) }
        let tail = try TailCalibration(fitting: errors)
        var surprises = errors.map(tail.surprise)
        calibration.tail = tail
        if settings.usesLinearReference {
            let standardizer = WindowStandardizer(level)
            calibration.linear = try CalibratedReference(
                fitting: standardizer.matrix(fitting),
                calibratingOn: standardizer.matrix(others), length: model.windowLength,
                surprises: &surprises)
        }
        let perDay = windowsPerDay.isFinite && windowsPerDay > 0 ? windowsPerDay : 1
        let exceedance = min(0.5, model.falseAlarmsPerDay / perDay)
        let fitted = try settings.threshold.fit(surprises, exceedance: exceedance)
        calibration.threshold = fitted.level
        calibration.peaks = fitted.peaks
        calibration.windows = surprises.count
        calibration.expectedFalseAlarmsPerDay = fitted.exceedance * perDay
        calibration.heldOut = HeldOutAlarms.count(
            surprises, kind: settings.threshold, exceedance: exceedance, windowsPerDay: perDay,
            policy: settings.policy)
        return calibration
    }
}
