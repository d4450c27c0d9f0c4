// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNN
import LinnetNumerics

/// Scores windows by how badly an autoencoder reconstructs them: `s(x) = 1/D ||z - f(z)||²` over the D numbers of a
/// standardized window (Sakurada and Yairi 2014).
///
/// It owns its working memory, so scoring allocates nothing; use one for each thread.
public final class ReconstructionDetector {
    public let model: ModelArtifact
    public let calibration: Calibration
    private let network: Network
    private let standardizer: WindowStandardizer
    private let workspace: Workspace
    private var input: [Float]

    /// - Throws: ``DetectionError`` if the model can not be run, or the calibration is another model's.
    public init(model: ModelArtifact, calibration: Calibration) throws(DetectionError) {
        do throws(NetworkError) { network = try Network(model.architecture) } catch { throw .model("\(error)") }
        let level = calibration.level
        guard level.center.count == model.scaler.count, level.scale.count == model.scaler.count else {
            throw .calibration("it has \(level.center.count) channels, the model \(model.scaler.count)")
        }
        guard level.center.allSatisfy(\.isFinite), level.scale.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw .calibration("its level is not finite, or a scale not above 0")
        }
        guard !calibration.threshold.isNaN else { throw .calibration("its threshold is not a number") }
        self.model = model
        self.calibration = calibration
        standardizer = WindowStandardizer(level)
        workspace = Workspace(network: network, maximumBatch: 1)
        input = [Float](repeating: 0, count: model.architecture.inputWidth)
    }

    /// The reconstruction error of a window, in squared scales; never NaN: what can not be computed is as bad as can be.
    ///
    /// - Throws: ``DetectionError/wrongShape(channels:length:modelChannels:modelLength:)``.
    public func score(_ window: SampleWindow) throws(DetectionError) -> Double {
        let output = try reconstruct(window)
        var sum = 0.0
        for position in 0..<input.count {
            let difference = Double(input[position] - output[position])
            sum += difference * difference
        }
        let score = sum / Double(input.count)
        return score.isFinite ? score : .greatestFiniteMagnitude
    }

    /// What each channel had to do with a window's score, largest share first.
    ///
    /// - Parameter channels: the device's channels, in the order of the window's.
    /// - Throws: ``DetectionError/wrongShape(channels:length:modelChannels:modelLength:)``.
    public func contributions(_ window: SampleWindow, channels: [Channel]) throws(DetectionError)
        -> [ChannelContribution]
    {
        let output = try reconstruct(window)
        let own = calibration.level
        let count = own.center.count
        var errors = [Double](repeating: 0, count: count)
        var expected = [Double](repeating: 0, count: count)
        for position in 0..<input.count {
            let difference = Double(input[position] - output[position])
            errors[position % count] += difference * difference
            expected[position % count] += Double(output[position])
        }
        let total = errors.reduce(0, +)
        return channels.prefix(count).enumerated().map { channel, name in
            let share = total > 0 && total.isFinite ? errors[channel] / total : 1 / Double(count)
            let level = expected[channel] / Double(window.length)
            let restored = level * Double(own.scale[channel]) + Double(own.center[channel])
            return ChannelContribution(
                channel: name.name, share: share, observed: window.mean(of: channel),
                expected: restored.isFinite ? restored : Double(own.center[channel]))
        }.sorted { ($1.share, $0.channel) < ($0.share, $1.channel) }
    }

    private func reconstruct(_ window: SampleWindow) throws(DetectionError) -> UnsafeBufferPointer<Float> {
        guard window.channelCount == calibration.level.center.count, window.length == model.windowLength,
            window.values.count == input.count
        else {
            throw .wrongShape(
                channels: window.channelCount, length: window.length, modelChannels: calibration.level.center.count,
                modelLength: model.windowLength)
        }
        input.withUnsafeMutableBufferPointer { standardizer.write(window, to: $0) }
        return input.withUnsafeBufferPointer { input in
            network.reconstruct(input, rows: 1, parameters: model.parameters, workspace: workspace)
        }
    }
}
