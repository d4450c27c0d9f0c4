// SPDX-License-Identifier: Apache-2.0
//
// USAD (Audibert et al. 2020, algorithm 1). B rows, D window.  E encoder, D1 and D2 decoders, L the loss of the settings.
//   u = σ(x)      w1 = D1(E(x))      w2 = D2(E(x))      w3 = D2(E(w1))      all [B,D]; w are logits
//   epoch n from 1: s = λ (1 - 1/n)
//   first game:  step E and D1 down  (1-s) L(σ(w1), u) + s L(σ(w3), u)
//   second game: step E and D2 down  (1-s) L(σ(w2), u) - s L(σ(w3), u), with the E and D1 just reached
// The encoder begins with a sigmoid, so the E(w1) of logits is the paper's E of windows between 0 and 1.

import LinnetNumerics

/// Trains two autoencoders that share their encoder: the first to reconstruct, the second also to make the first one's
/// reconstructions stand out.
final class SecondDecoderTraining: BatchTraining {
    private let settings: TrainingSettings
    private let parts: NetworkParts
    private let width: Int
    private let weight: Float
    private let scoreShare: Double
    private let encoder: Player
    private let decoder: Player
    private let second: Player
    private let firstGame: [Player]
    private let secondGame: [Player]

    private let wanted: FloatBuffer
    private let squashed: FloatBuffer
    private let slope: FloatBuffer
    private let oppositeSlope: FloatBuffer
    private let windowSlope: FloatBuffer
    private let latentSlope: FloatBuffer
    private let oppositeLatentSlope: FloatBuffer

    init(
        _ network: Network, _ parts: NetworkParts, _ settings: TrainingSettings, from start: TrainingStart,
        maximumBatch: Int
    ) {
        self.settings = settings
        self.parts = parts
        width = network.inputWidth
        weight = network.architecture.companion?.adversarialWeight ?? 1
        scoreShare = Double(network.architecture.companion?.scoreShare ?? 0)
        encoder = Player(
            parts.encoder, settings, from: start.part(parts.encoderRange), maximumBatch: maximumBatch, passes: 2,
            games: 2)
        decoder = Player(
            parts.decoder, settings, from: start.part(parts.decoderRange), maximumBatch: maximumBatch, passes: 1)
        second = Player(
            parts.companion[0], settings, from: start.part(parts.companionRanges[0]), maximumBatch: maximumBatch,
            passes: 2)
        firstGame = [encoder, decoder]
        secondGame = [encoder, second]
        wanted = FloatBuffer(maximumBatch * width)
        squashed = FloatBuffer(maximumBatch * width)
        slope = FloatBuffer(maximumBatch * width)
        oppositeSlope = FloatBuffer(maximumBatch * width)
        windowSlope = FloatBuffer(maximumBatch * width)
        latentSlope = FloatBuffer(maximumBatch * parts.encoder.outputWidth)
        oppositeLatentSlope = FloatBuffer(maximumBatch * parts.encoder.outputWidth)
    }

    var isFinite: Bool { encoder.parameters.isFinite && decoder.parameters.isFinite && second.parameters.isFinite }

    func copyParameters(into target: inout ParameterVector) {
        target.assign(encoder.parameters, at: parts.encoderRange.lowerBound)
        target.assign(decoder.parameters, at: parts.decoderRange.lowerBound)
        target.assign(second.parameters, at: parts.decoderRange.upperBound)
    }

    /// - Returns: the first autoencoder's error before the step.
    func step(
        _ x: UnsafeBufferPointer<Float>, target: UnsafeBufferPointer<Float>, rows: Int, epoch: Int, number: Int
    ) -> Double {
        guard let x = x.baseAddress else { return 0 }
        let share = weight * (1 - 1 / Float(epoch + 1))
        let rate = settings.learningRate(epoch: epoch, step: number)
        Kernels.map(x, into: wanted.first, count: rows * width) { Kernels.sigmoid($0) }
        let error = playFirst(x, rows: rows, share: share)
        settings.step(firstGame, game: 0, learningRate: rate, rows: rows)
        playSecond(x, rows: rows, share: share)
        settings.step(secondGame, game: 1, learningRate: rate, rows: rows)
        return error
    }

    func loss(_ x: UnsafeBufferPointer<Float>, target: UnsafeBufferPointer<Float>, rows: Int) -> Double {
        guard let x = x.baseAddress else { return 0 }
        Kernels.map(x, into: wanted.first, count: rows * width) { Kernels.sigmoid($0) }
        let z = encoder.forward(x, rows: rows, isTraining: false)
        let w1 = decoder.forward(z, rows: rows, isTraining: false)
        let z1 = encoder.forward(w1, rows: rows, pass: 1, isTraining: false)
        let w3 = second.forward(z1, rows: rows, isTraining: false)
        return (1 - scoreShare) * error(of: w1, rows: rows, share: 1, slope: slope)
            + scoreShare * error(of: w3, rows: rows, share: 1, slope: slope)
    }

    private func playFirst(_ x: UnsafePointer<Float>, rows: Int, share: Float) -> Double {
        let z = encoder.forward(x, rows: rows)
        let w1 = decoder.forward(z, rows: rows)
        for player in firstGame { player.clearGradient() }
        let first = error(of: w1, rows: rows, share: 1 - share, slope: slope)
        if share > 0 {
            let z1 = encoder.forward(w1, rows: rows, pass: 1)
            _ = error(of: second.forward(z1, rows: rows), rows: rows, share: share, slope: oppositeSlope)
            second.backward(z1, rows: rows, slope: oppositeSlope.first, inputSlope: latentSlope.first)
            encoder.backward(
                w1, rows: rows, pass: 1, slope: latentSlope.first, inputSlope: windowSlope.first)
            Self.add(windowSlope, to: slope, count: rows * width)
        }
        decoder.backward(z, rows: rows, slope: slope.first, inputSlope: latentSlope.first)
        encoder.backward(x, rows: rows, slope: latentSlope.first)
        return first
    }

    private func playSecond(_ x: UnsafePointer<Float>, rows: Int, share: Float) {
        let z = encoder.forward(x, rows: rows)
        let w2 = second.forward(z, rows: rows, pass: 1)
        for player in secondGame { player.clearGradient() }
        _ = error(of: w2, rows: rows, share: 1 - share, slope: slope)
        second.backward(z, rows: rows, pass: 1, slope: slope.first, inputSlope: latentSlope.first)
        if share > 0 {
            let w1 = decoder.forward(z, rows: rows)
            let z1 = encoder.forward(w1, rows: rows, pass: 1)
            _ = error(of: second.forward(z1, rows: rows), rows: rows, share: -share, slope: oppositeSlope)
            second.backward(z1, rows: rows, slope: oppositeSlope.first, inputSlope: oppositeLatentSlope.first)
            encoder.backward(
                w1, rows: rows, pass: 1, slope: oppositeLatentSlope.first, inputSlope: windowSlope.first)
            decoder.backward(z, rows: rows, slope: windowSlope.first, inputSlope: oppositeLatentSlope.first)
            Self.add(oppositeLatentSlope, to: latentSlope, count: rows * parts.encoder.outputWidth)
        }
        encoder.backward(x, rows: rows, slope: latentSlope.first)
    }

    /// Writes `share` times the derivative of `L(σ(w), u)` by the logits w into `slope`.
    ///
    /// - Returns: `L(σ(w), u)`.
    private func error(
        of w: UnsafePointer<Float>, rows: Int, share: Float, slope: FloatBuffer
    ) -> Double {
        let count = rows * width
        Kernels.map(w, into: squashed.first, count: count) { Kernels.sigmoid($0) }
        let error = settings.loss.evaluate(
            squashed.first, target: wanted.first, rows: rows, shape: LayerShape(channels: width), slope: slope.first)
        Activation.sigmoid.multiplyBySlope(slope.first, output: squashed.first, count: count)
        Kernels.scale(UnsafeMutableBufferPointer(start: slope.first, count: count), by: share)
        return error
    }

    private static func add(_ more: FloatBuffer, to sum: FloatBuffer, count: Int) {
        Kernels.axpy(
            1, UnsafeBufferPointer(start: more.first, count: count),
            UnsafeMutableBufferPointer(start: sum.first, count: count))
    }
}
