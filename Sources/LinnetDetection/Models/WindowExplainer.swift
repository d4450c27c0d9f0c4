// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNN
import LinnetNumerics

/// Explains the scores of single windows, of a model of any family.
///
///     let explainer = try WindowExplainer(model)
///     let explanation = try explainer.explain(window, by: .shapley)
///
/// It owns its working memory; use one for each thread.
public final class WindowExplainer {
    public let model: TrainedModel
    private let scorer: WindowScorer
    private let network: Network
    private let standardizer: WindowStandardizer
    private var gradient: ScoreGradient?
    /// Normal windows, standardized, and their mean.
    private let background: [[Float]]
    private let baseline: [Float]

    /// Most background windows that one worth is the mean over, and players in one game.
    static let maximumBackground = 16
    static let maximumLagBlocks = 16

    /// - Throws: ``DetectionError`` if the model can not be run.
    public init(_ model: TrainedModel) throws(DetectionError) {
        self.model = model
        do throws(NetworkError) {
            network = try Network(model.artifact.architecture)
            scorer = try WindowScorer(network: network, parameters: model.artifact.parameters)
        } catch {
            throw .model("\(error)")
        }
        standardizer = WindowStandardizer(model.calibration.level)
        let rows = model.background.rows
        let count = min(rows, Self.maximumBackground)
        background = (0..<count).map { Array(model.background.row($0 * rows / count)) }
        var sums = [Double](repeating: 0, count: model.background.columns)
        for row in 0..<rows { for (i, value) in model.background.row(row).enumerated() { sums[i] += Double(value) } }
        baseline = sums.map { Float($0 / Double(max(1, rows))) }
    }

    /// Explains one window.
    ///
    /// - Parameters:
    ///   - window: of the model's shape.
    ///   - seed: decides which coalitions are drawn for ``AttributionMethod/shapley`` with more than eleven channels.
    /// - Throws: ``DetectionError`` for a window of another shape, or a family without such a gradient.
    public func explain(
        _ window: SampleWindow, by method: AttributionMethod, seed: UInt64 = 1
    ) throws(DetectionError) -> WindowExplanation {
        let (channels, length) = (model.contract.channels.count, model.contract.windowLength)
        guard window.channelCount == channels, window.length == length else {
            throw .wrongShape(
                channels: window.channelCount, length: window.length, modelChannels: channels, modelLength: length)
        }
        var input = [Float](repeating: 0, count: length * channels)
        input.withUnsafeMutableBufferPointer { standardizer.write(window, to: $0) }
        let amounts: (channels: [Double], lags: [Double])
        var expected = baseline
        switch method {
        case .error:
            _ = score(input)
            expected = scorer.expected
            let judged = Double(max(1, network.outputWidth))
            amounts = sums(scorer.errors.map { Double($0) / judged })
        case .gradient: amounts = sums(try gradients(input))
        case .shapley: amounts = shapleyValues(input, seed: seed)
        }
        return WindowExplanation(
            method: method, channels: contributions(window, amounts.channels, expected),
            lags: Self.shares(amounts.lags), amounts: amounts.channels)
    }

    private func score(_ input: [Float]) -> Double { input.withUnsafeBufferPointer(scorer.score) }

    // MARK: - Methods

    private func gradients(_ input: [Float]) throws(DetectionError) -> [Double] {
        if gradient == nil {
            do throws(NetworkError) {
                gradient = try ScoreGradient(network: network, parameters: model.artifact.parameters)
            } catch {
                throw .model("\(error)")
            }
        }
        guard let gradient else { return [] }
        return IntegratedGradients().attributions(of: input, from: baseline, by: gradient)
    }

    /// Two games: one whose players are the channels, one whose players are the samples, or blocks of them.
    private func shapleyValues(_ input: [Float], seed: UInt64) -> (channels: [Double], lags: [Double]) {
        let (channels, length) = (model.contract.channels.count, model.contract.windowLength)
        let byChannel = game(input, players: channels, seed: seed) { $0 % channels }
        let blocks = min(length, Self.maximumLagBlocks)
        let byBlock = game(input, players: blocks, seed: seed) { $0 / channels * blocks / length }
        var members = [Int](repeating: 0, count: blocks)
        for lag in 0..<length { members[lag * blocks / length] += 1 }
        let lags = (0..<length).map { byBlock[$0 * blocks / length] / Double(members[$0 * blocks / length]) }
        return (byChannel, lags)
    }

    /// - Parameter player: of each value of a window.
    private func game(_ input: [Float], players: Int, seed: UInt64, player: (Int) -> Int) -> [Double] {
        let owners = input.indices.map(player)
        var mixed = input
        return KernelSHAP().values(players: players, seed: seed) { present in
            var sum = 0.0
            for normal in background {
                for i in input.indices { mixed[i] = present[owners[i]] ? input[i] : normal[i] }
                sum += score(mixed)
            }
            return sum / Double(max(1, background.count))
        }
    }

    // MARK: - Sums

    private func sums(_ values: [Double]) -> (channels: [Double], lags: [Double]) {
        let (channels, length) = (model.contract.channels.count, model.contract.windowLength)
        var (byChannel, byLag) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: length))
        for (position, value) in values.enumerated() {
            byChannel[position % channels] += value
            byLag[position / channels] += value
        }
        return (byChannel, byLag)
    }

    /// What lowers the score has no share in it.
    private static func shares(_ amounts: [Double]) -> [Double] {
        let total = amounts.reduce(0) { $0 + max(0, $1) }
        return amounts.map { total > 0 && total.isFinite ? max(0, $0) / total : 0 }
    }

    private func contributions(
        _ window: SampleWindow, _ amounts: [Double], _ expected: [Float]
    ) -> [ChannelContribution] {
        let level = model.calibration.level
        let count = amounts.count
        let shares = Self.shares(amounts)
        return (0..<count).map { channel in
            var mean = 0.0
            for position in stride(from: channel, to: expected.count, by: count) { mean += Double(expected[position]) }
            let restored = mean / Double(window.length) * Double(level.scale[channel]) + Double(level.center[channel])
            return ChannelContribution(
                channel: model.contract.channels[channel].name, share: shares[channel],
                observed: window.mean(of: channel), expected: restored.isFinite ? restored : 0)
        }.sorted { ($1.share, $0.channel) < ($0.share, $1.channel) }
    }
}
