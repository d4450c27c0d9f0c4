// SPDX-License-Identifier: Apache-2.0

/// How samples become scores and alarms: one value for a kind of machine, never for a single one.
public struct PipelineSettings: Sendable, Codable, Hashable {
    /// Standardized values are held to so many scales.
    public var limit: Float
    /// The least scale of a channel, as a share of its range.
    public var scaleFloor: Double
    /// Span in samples of the mean that smooths each channel; 1 is none.
    public var smoothing: Int
    /// Span in samples of the mean that is taken away from each channel; 0 is none.
    public var detrending: Int
    /// Samples of a window.
    public var windowLength: Int
    /// What a window is summed up in; empty for its values as they are. For vibration, spectra say more than values.
    public var features: [WindowFeature]
    /// The channel whose whole number is the machine's operating state: each state has scales and thresholds of its own.
    public var regimeChannel: Int?
    /// The models whose largest surprise is the score, at least one.
    public var detectors: [DetectorFamily]
    /// How detectors' scores are smoothed, over so many samples.
    public var scoreSmoothing: ScoreSmoother.Kind
    public var scoreSpan: Int
    /// The older share of the training rows: models are fitted on it, and calibrated on the rest; for a single fold.
    public var fitShare: Double
    /// 2 or more take turns: each block of rows is calibrated on by models fitted on all others, and what scores in the end is
    /// fitted on all (cross-conformal prediction, Vovk 2015). Dearer, and worth it where there is little to learn from.
    /// There are fewer where blocks would be shorter than twice what a window reaches over.
    public var folds: Int
    /// Share of the windows, those least like the others, that models are not fitted on: training data is never all clean.
    public var trimmedShare: Double
    public var threshold: ThresholdRule
    public var alarm: AlarmPolicy

    public init(
        limit: Float = 10, scaleFloor: Double = 0.03, smoothing: Int = 1, detrending: Int = 0, windowLength: Int = 1,
        features: [WindowFeature] = [], regimeChannel: Int? = nil,
        detectors: [DetectorFamily] = [.principalComponents(variance: 0.9)], scoreSmoothing: ScoreSmoother.Kind = .mean,
        scoreSpan: Int = 1, fitShare: Double = 0.7, folds: Int = 1,
        trimmedShare: Double = 0,
        threshold: ThresholdRule = .quantile(exceedance: 0.001, margin: 1),
        alarm: AlarmPolicy = AlarmPolicy(raiseAfter: 1, clearAfter: 1, clearRatio: 1)
    ) {
        self.limit = limit
        self.scaleFloor = scaleFloor
        self.smoothing = smoothing
        self.detrending = detrending
        self.windowLength = windowLength
        self.features = features
        self.regimeChannel = regimeChannel
        self.detectors = detectors
        self.scoreSmoothing = scoreSmoothing
        self.scoreSpan = scoreSpan
        self.fitShare = fitShare
        self.folds = folds
        self.trimmedShare = trimmedShare
        self.threshold = threshold
        self.alarm = alarm
    }
}
