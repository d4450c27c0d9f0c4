// SPDX-License-Identifier: Apache-2.0

import LinnetNN
import LinnetNumerics

/// What makes a cohort's model a device's own: its normal level and spread, and the threshold that its normal scores ask
/// for.
public struct Calibration: Sendable, Codable, Hashable {
    /// This device's level and scale of each channel.
    public var level: DeviceLevel
    /// A window with a score above this is anomalous.
    public var threshold: Double
    /// Windows that the threshold was fitted on.
    public var windows: Int
    /// Anomalous windows that normal data are expected to give a day; alarms are fewer, for they need several in a row.
    public var expectedFalseAlarmsPerDay: Double

    public init(level: DeviceLevel, threshold: Double, windows: Int, expectedFalseAlarmsPerDay: Double) {
        self.level = level
        self.threshold = threshold
        self.windows = windows
        self.expectedFalseAlarmsPerDay = expectedFalseAlarmsPerDay
    }

    /// Share of the windows, the older ones, that the level is taken from; the threshold is fitted on the others.
    static let levelShare = 0.6
    /// Fewest windows for both.
    public static let minimumWindows = 50

    /// Calibrates a model on a device's own normal windows, oldest first.
    ///
    /// Level and threshold come from different windows: fitted on the same ones, the threshold would be too low by what
    /// the fit has already explained.
    ///
    /// - Parameter windowsPerDay: how many windows the device scores in 24 hours.
    /// - Throws: ``DetectionError`` if there are fewer than ``minimumWindows``, or the model does not fit them.
    public static func fit(model: ModelArtifact, windows: [SampleWindow], windowsPerDay: Double) throws(DetectionError)
        -> Calibration
    {
        guard windows.count >= minimumWindows else {
            throw .tooFewWindows(found: windows.count, needed: minimumWindows)
        }
        let split = Int(Double(windows.count) * levelShare)
        let level = DeviceLevel.fit(Array(windows[..<split]), cohortScale: model.scaler.scale)
        let unset = Calibration(level: level, threshold: 1, windows: 0, expectedFalseAlarmsPerDay: 0)
        let detector = try ReconstructionDetector(model: model, calibration: unset)
        var scores: [Double] = []
        for window in windows[split...] { scores.append(try detector.score(window)) }
        let perDay = windowsPerDay.isFinite && windowsPerDay > 0 ? windowsPerDay : 1
        let exceedance = min(0.5, model.falseAlarmsPerDay / perDay)
        let threshold = try QuantileThreshold.fit(scores: scores, exceedance: exceedance)
        // A device whose channels are all constant has scores of 0; anything above must still be something.
        return Calibration(
            level: level, threshold: max(threshold, 1e-9), windows: scores.count,
            expectedFalseAlarmsPerDay: exceedance * perDay)
    }
}
