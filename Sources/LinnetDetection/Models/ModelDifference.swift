// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNN

/// What rounding or pruning has cost a model, on windows of its own device: the same windows scored by both.
public struct ModelDifference: Sendable, Codable, Hashable {
    public var windows: Int
    /// Mean scores by the one and the other.
    public var meanScore: Double
    public var otherMeanScore: Double
    /// The largest change of a score, as a share of the threshold.
    public var largestChange: Double
    /// Windows found anomalous by the one and by the other, at the one's threshold, and those on which they do not agree.
    public var anomalous: Int
    public var otherAnomalous: Int
    public var disagreements: Int

    /// Scores windows with both.
    ///
    /// - Parameter windows: of the model's shape, at least 1.
    /// - Throws: ``DetectionError`` if a model can not be run, or there is no window.
    public init(_ model: TrainedModel, _ other: TrainedModel, on windows: [SampleWindow]) throws(DetectionError) {
        guard !windows.isEmpty else { throw .tooFewWindows(found: 0, needed: 1) }
        let first = try DeviceDetector(model: model.artifact, calibration: model.calibration)
        let second = try DeviceDetector(model: other.artifact, calibration: other.calibration)
        let threshold = model.calibration.threshold
        self.windows = windows.count
        (meanScore, otherMeanScore, largestChange) = (0, 0, 0)
        (anomalous, otherAnomalous, disagreements) = (0, 0, 0)
        for window in windows {
            let (before, after) = (try first.judge(window).modelScore, try second.judge(window).modelScore)
            meanScore += before / Double(windows.count)
            otherMeanScore += after / Double(windows.count)
            largestChange = max(largestChange, abs(after - before) / max(threshold, .leastNormalMagnitude))
            anomalous += before > threshold ? 1 : 0
            otherAnomalous += after > threshold ? 1 : 0
            disagreements += (before > threshold) != (after > threshold) ? 1 : 0
        }
    }
}
