// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNN
import LinnetNumerics

/// Scores windows by how badly a model of any family explains them: `s(x) = 1/n ||z - f(z)||²` over the n numbers of a
/// standardized window that the family judges, all of them or the last ones (Sakurada and Yairi 2014; Malhotra et al. 2015).
///
/// It owns its working memory, so scoring allocates nothing; use one for each thread.
public final class ReconstructionDetector {
    public let model: ModelArtifact
    public let calibration: Calibration
    private let scorer: WindowScorer
    private let standardizer: WindowStandardizer
    private var input: [Float]

    /// - Throws: ``DetectionError`` if the model can not be run or has no score, or the calibration is another model's.
    public init(model: ModelArtifact, calibration: Calibration) throws(DetectionError) {
        var parameters = model.parameters
        if let weights = calibration.weights {
            guard let own = weights.parameters(count: parameters.count) else {
                throw .calibration("its own weights are not finite, or of another network")
            }
            parameters = own
        }
        do throws(NetworkError) {
            scorer = try WindowScorer(network: try Network(model.architecture), parameters: parameters)
        } catch {
            throw .model("\(error)")
        }
        let level = calibration.level
        guard level.center.count == model.scaler.count, level.scale.count == model.scaler.count else {
            throw .calibration("it has \(level.center.count) channels, the model \(model.scaler.count)")
        }
        guard level.center.allSatisfy(\.isFinite), level.scale.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw .calibration("its level is not finite, or a scale not above 0")
        }
        guard calibration.relative?.isValid != false else {
            throw .calibration("what errors are set against is not a number above 0")
        }
        guard !calibration.threshold.isNaN else { throw .calibration("its threshold is not a number") }
        self.model = model
        self.calibration = calibration
        standardizer = WindowStandardizer(level)
        input = [Float](repeating: 0, count: model.architecture.inputWidth)
    }

    /// The reconstruction error of a window, in squared scales, set against its strength where the calibration says so;
    /// never NaN: what can not be computed is as bad as can be.
    ///
    /// - Throws: ``DetectionError/wrongShape(channels:length:modelChannels:modelLength:)``.
    public func score(_ window: SampleWindow) throws(DetectionError) -> Double {
        guard window.channelCount == calibration.level.center.count, window.length == model.windowLength,
            window.values.count == input.count
        else {
            throw .wrongShape(
                channels: window.channelCount, length: window.length, modelChannels: calibration.level.center.count,
                modelLength: model.windowLength)
        }
        input.withUnsafeMutableBufferPointer { standardizer.write(window, to: $0) }
        return input.withUnsafeBufferPointer { window in
            let error = scorer.score(window)
            return calibration.relative?.score(error, of: window) ?? error
        }
    }

    /// Lends the last window that was scored, standardized, `[length * channels]`: a second detector reads the same numbers.
    func withStandardized<Value>(_ body: (UnsafeBufferPointer<Float>) -> Value) -> Value {
        input.withUnsafeBufferPointer(body)
    }

    /// What each channel had to do with a window's score, largest share first.
    ///
    /// - Parameter channels: the device's channels, in the order of the window's.
    /// - Throws: ``DetectionError/wrongShape(channels:length:modelChannels:modelLength:)``.
    public func contributions(_ window: SampleWindow, channels: [Channel]) throws(DetectionError)
        -> [ChannelContribution]
    {
        _ = try score(window)
        return ChannelContribution.ranked(
            window, channels: channels, level: calibration.level, errors: scorer.errors, expected: scorer.expected)
    }
}
