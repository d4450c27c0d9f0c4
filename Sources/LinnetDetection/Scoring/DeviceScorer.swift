// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNN

/// A device's detectors and threshold at work: the one way from a window to a score that is held against a level, for an
/// agent that watches, for a replay and for a recording scored at once.
///
///     let scorer = try DeviceScorer(model: model, calibration: calibration, windowsPerDay: 21_600, at: start)
///     let scored = try scorer.score(window).window
///
/// It belongs to one device and one thread: its working memory is its own.
public final class DeviceScorer {
    private let detector: DeviceDetector
    public private(set) var threshold: DeviceThreshold

    /// - Parameters:
    ///   - windowsPerDay: how many windows the device scores in 24 hours.
    ///   - recalibrates: whether the threshold follows the scores.
    ///   - time: from when it counts.
    /// - Throws: ``DetectionError`` if the model can not be run, or the calibration is another model's.
    public init(
        model: ModelArtifact, calibration: Calibration, windowsPerDay: Double, recalibrates: Bool = true,
        at time: Timestamp
    ) throws(DetectionError) {
        detector = try DeviceDetector(model: model, calibration: calibration)
        threshold = DeviceThreshold(calibration, windowsPerDay: windowsPerDay, follows: recalibrates, at: time)
    }

    public var calibration: Calibration { detector.calibration }

    /// Scores a window by the level in force; what it says of the level counts from the next one on.
    ///
    /// - Throws: ``DetectionError/wrongShape(channels:length:modelChannels:modelLength:)``.
    public func score(
        _ window: SampleWindow
    ) throws(DetectionError) -> (window: ScoredWindow, recalibration: Recalibration?) {
        let judgement = try detector.judge(window)
        let scored = ScoredWindow(
            start: window.start, end: window.end, score: judgement.score, threshold: threshold.level,
            detector: judgement.detector, error: judgement.error)
        return (scored, threshold.handle(judgement.score, at: window.end))
    }

    /// A window's score, of which nothing is learned.
    public func glance(_ window: SampleWindow) throws(DetectionError) -> Double { try detector.judge(window).score }

    /// How far the last window's channels are from the device's level; see ``DeviceDetector/inputLevel``.
    public var inputLevel: Double { detector.inputLevel }

    /// Goes on from where the threshold stood before a restart.
    public func restore(_ memory: ThresholdMemory?) { if let memory { threshold.restore(memory) } }

    /// What each channel had to do with a window's score, largest share first.
    public func contributions(_ window: SampleWindow, channels: [Channel]) throws(DetectionError)
        -> [ChannelContribution]
    {
        try detector.contributions(window, channels: channels)
    }
}
