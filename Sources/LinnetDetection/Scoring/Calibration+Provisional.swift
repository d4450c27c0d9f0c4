// SPDX-License-Identifier: Apache-2.0

import LinnetNN
import LinnetNumerics

extension Calibration {
    /// Fewest windows that a level is taken from, where the threshold is somebody else's.
    public static let minimumProvisionalWindows = 10

    /// Whether the threshold was not fitted on the device's own scores.
    public var isProvisional: Bool { windows == 0 }

    /// What a device begins with that has too few windows for a threshold of its own: its level, as far as it can be told,
    /// and a threshold that others have found.
    ///
    /// - Parameters:
    ///   - windows: of the device, oldest first.
    ///   - threshold: finite, not below 0.
    ///   - expectedFalseAlarmsPerDay: what the threshold was chosen for.
    /// - Throws: ``DetectionError`` if there are fewer than ``minimumProvisionalWindows``.
    public static func provisional(
        model: ModelArtifact, windows: [SampleWindow], threshold: Double, expectedFalseAlarmsPerDay: Double
    ) throws(DetectionError) -> Calibration {
        guard windows.count >= minimumProvisionalWindows else {
            throw .tooFewWindows(found: windows.count, needed: minimumProvisionalWindows)
        }
        return Calibration(
            level: DeviceLevel.fit(windows, cohort: model.scaler), threshold: max(threshold, 1e-9),
            windows: 0,
            expectedFalseAlarmsPerDay: expectedFalseAlarmsPerDay)
    }
}
