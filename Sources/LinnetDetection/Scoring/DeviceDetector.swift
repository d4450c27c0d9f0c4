// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNN
import LinnetNumerics

/// One device's two detectors, its cohort's model and its own linear reference, as one score: the larger surprise.
///
///     let detector = try DeviceDetector(model: model, calibration: calibration)
///     let judgement = try detector.judge(window)
///     if judgement.score > calibration.threshold { … }
///
/// It owns its working memory, so judging allocates nothing; use one for each thread.
public final class DeviceDetector {
    /// What became of one window.
    public struct Judgement: Sendable, Hashable {
        /// The larger surprise, `-log10` of the probability that a normal window is as odd; never NaN.
        public var score: Double
        /// Where it came from.
        public var detector: DetectorKind
        /// The model's own surprise: what is asked where the model itself is judged.
        public var modelScore: Double
        /// The model's reconstruction error, in squared scales.
        public var error: Double
    }

    public let calibration: Calibration
    public var model: ModelArtifact { network.model }
    private let network: ReconstructionDetector
    private let reference: LinearReference.Scorer?

    /// - Throws: ``DetectionError`` if the model can not be run, or the calibration is another model's.
    public init(model: ModelArtifact, calibration: Calibration) throws(DetectionError) {
        network = try ReconstructionDetector(model: model, calibration: calibration)
        if let linear = calibration.linear {
            guard linear.reference.fits(length: model.windowLength, channels: model.scaler.count) else {
                throw .calibration("its linear reference is for other windows")
            }
            reference = LinearReference.Scorer(linear.reference)
        } else {
            reference = nil
        }
        self.calibration = calibration
    }

    /// Judges one window.
    ///
    /// - Throws: ``DetectionError/wrongShape(channels:length:modelChannels:modelLength:)``.
    public func judge(_ window: SampleWindow) throws(DetectionError) -> Judgement {
        let error = try network.score(window)
        let own = calibration.tail?.surprise(error) ?? error
        var judgement = Judgement(score: own, detector: .model, modelScore: own, error: error)
        if let reference, let tail = calibration.linear?.tail {
            let surprise = tail.surprise(network.withStandardized(reference.score))
            if surprise > own { (judgement.score, judgement.detector) = (surprise, .linear) }
        }
        return judgement
    }

    /// How far the last window's channels are from the device's level: the root mean square of their means over the window,
    /// in the device's scales.
    public var inputLevel: Double {
        let channels = calibration.level.center.count
        let length = model.windowLength
        return network.withStandardized { window in
            var sum = 0.0
            for channel in 0..<channels {
                var mean = 0.0
                for sample in 0..<length { mean += Double(window[sample * channels + channel]) }
                sum += (mean / Double(length)) * (mean / Double(length))
            }
            return (sum / Double(max(1, channels))).squareRoot()
        }
    }

    /// What each channel had to do with a window's score, largest share first, as the detector sees it that was the more
    /// surprised.
    ///
    /// - Parameter channels: the device's channels, in the order of the window's.
    /// - Throws: ``DetectionError/wrongShape(channels:length:modelChannels:modelLength:)``.
    public func contributions(_ window: SampleWindow, channels: [Channel]) throws(DetectionError)
        -> [ChannelContribution]
    {
        guard try judge(window).detector == .linear, let reference else {
            return try network.contributions(window, channels: channels)
        }
        let (errors, expected) = network.withStandardized(reference.explanation)
        return ChannelContribution.ranked(
            window, channels: channels, level: calibration.level, errors: errors, expected: expected)
    }
}
