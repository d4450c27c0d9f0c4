// SPDX-License-Identifier: Apache-2.0
//
// B rows, D window, Z bottleneck.  E encoder, G decoder, f the discriminator's features, D(x) = h(f(x)) its logit,
// z [B,Z] from the standard normal distribution, L the loss of the settings, λ the companion's adversarial weight.
//   fake windows x': G(z) of a GAN, G(E(x)) of an autoencoder + GAN
//   discriminator: step f and h down  1/2 mean log(1+exp(-D(x))) + 1/2 mean log(1+exp(D(x')))
//   GAN:               step E and G down  L(G(E(x)), x) + λ mean log(1+exp(-D(G(z))))
//                      (Goodfellow et al. 2014, the form that does not saturate; the encoder as Schlegl et al. 2019)
//   autoencoder + GAN: step E and G down  L(G(E(x)), x) + λ mean |f(G(E(x))) - f(x)|²      (Zhou et al. 2019, eq. 5)

import LinnetNumerics

/// Trains an autoencoder against a network that tells its windows from real ones.
final class DiscriminatorTraining: BatchTraining {
    private let settings: TrainingSettings
    private let parts: NetworkParts
    private let isGenerative: Bool
    private let weight: Float
    private let encoder: Player
    private let decoder: Player
    private let features: Player
    private let head: Player
    private let autoencoder: [Player]
    private let discriminator: [Player]
    private var noise: SeededGenerator

    private let ones: FloatBuffer
    private let zeros: FloatBuffer
    private let drawn: FloatBuffer
    private let logitSlope: FloatBuffer
    private let featureSlope: FloatBuffer
    private let slope: FloatBuffer
    private let fakeSlope: FloatBuffer
    private let latentSlope: FloatBuffer

    init(
        _ network: Network, _ parts: NetworkParts, _ settings: TrainingSettings, from start: TrainingStart,
        maximumBatch: Int
    ) {
        self.settings = settings
        self.parts = parts
        isGenerative = network.architecture.family == ModelFamily.gan.rawValue
        weight = network.architecture.companion?.adversarialWeight ?? 1
        func player(_ network: Network, _ range: Range<Int>) -> Player {
            Player(network, settings, from: start.part(range), maximumBatch: maximumBatch, passes: 2)
        }
        encoder = player(parts.encoder, parts.encoderRange)
        decoder = player(parts.decoder, parts.decoderRange)
        features = player(parts.companion[0], parts.companionRanges[0])
        head = player(parts.companion[1], parts.companionRanges[1])
        autoencoder = [encoder, decoder]
        discriminator = [features, head]
        noise = SeededGenerator(seed: settings.seed)
        ones = FloatBuffer(maximumBatch, repeating: 1)
        zeros = FloatBuffer(maximumBatch)
        drawn = FloatBuffer(maximumBatch * parts.decoder.inputWidth)
        logitSlope = FloatBuffer(maximumBatch)
        featureSlope = FloatBuffer(maximumBatch * features.network.outputWidth)
        slope = FloatBuffer(maximumBatch * network.inputWidth)
        fakeSlope = FloatBuffer(maximumBatch * network.inputWidth)
        latentSlope = FloatBuffer(maximumBatch * parts.encoder.outputWidth)
    }

    var isFinite: Bool {
        encoder.parameters.isFinite && decoder.parameters.isFinite && features.parameters.isFinite
            && head.parameters.isFinite
    }

    func copyParameters(into target: inout ParameterVector) {
        target.assign(encoder.parameters, at: parts.encoderRange.lowerBound)
        target.assign(decoder.parameters, at: parts.decoderRange.lowerBound)
        let end = parts.decoderRange.upperBound
        target.assign(features.parameters, at: end)
        target.assign(head.parameters, at: end + features.parameters.count)
    }

    /// - Returns: the reconstruction's error before the step.
    func step(
        _ x: UnsafeBufferPointer<Float>, target: UnsafeBufferPointer<Float>, rows: Int, epoch: Int, number: Int
    ) -> Double {
        guard let x = x.baseAddress else { return 0 }
        let rate = settings.learningRate(epoch: epoch, step: number)
        playDiscriminator(x, rows: rows)
        settings.step(discriminator, game: 0, learningRate: rate, rows: rows)
        let error = playAutoencoder(x, rows: rows)
        settings.step(autoencoder, game: 0, learningRate: rate, rows: rows)
        return error
    }

    func loss(_ x: UnsafeBufferPointer<Float>, target: UnsafeBufferPointer<Float>, rows: Int) -> Double {
        guard let x = x.baseAddress else { return 0 }
        let z = encoder.forward(x, rows: rows, isTraining: false)
        let y = decoder.forward(z, rows: rows, isTraining: false)
        return settings.loss.evaluate(
            y, target: x, rows: rows, shape: LayerShape(channels: parts.encoder.inputWidth), slope: slope.first)
    }

    private func playDiscriminator(_ x: UnsafePointer<Float>, rows: Int) {
        let fake: UnsafeMutablePointer<Float>
        if isGenerative {
            draw(rows)
            fake = decoder.forward(drawn.first, rows: rows, pass: 1)
        } else {
            fake = decoder.forward(encoder.forward(x, rows: rows), rows: rows)
        }
        for player in discriminator { player.clearGradient() }
        let share = 0.5 / Float(rows)
        judge(x, rows: rows, pass: 0, wanted: ones, times: share, windowSlope: nil)
        judge(fake, rows: rows, pass: 1, wanted: zeros, times: share, windowSlope: nil)
    }

    private func playAutoencoder(_ x: UnsafePointer<Float>, rows: Int) -> Double {
        let z = encoder.forward(x, rows: rows)
        let y = decoder.forward(z, rows: rows)
        for player in autoencoder { player.clearGradient() }
        let error = settings.loss.evaluate(
            y, target: x, rows: rows, shape: LayerShape(channels: parts.encoder.inputWidth), slope: slope.first)
        if weight > 0 {
            if isGenerative { deceive(rows: rows) } else { matchFeatures(of: x, y, rows: rows) }
        }
        decoder.backward(z, rows: rows, slope: slope.first, inputSlope: latentSlope.first)
        encoder.backward(x, rows: rows, slope: latentSlope.first)
        return error
    }

    /// Collects in the generator how the discriminator would take what it makes of noise for real.
    private func deceive(rows: Int) {
        draw(rows)
        let fake = decoder.forward(drawn.first, rows: rows, pass: 1)
        judge(fake, rows: rows, pass: 1, wanted: ones, times: weight / Float(rows), windowSlope: fakeSlope.first)
        decoder.backward(drawn.first, rows: rows, pass: 1, slope: fakeSlope.first)
    }

    /// Adds to the slope by the reconstruction y how its features come nearer to those of x.
    private func matchFeatures(of x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, rows: Int) {
        let count = rows * features.network.outputWidth
        let real = features.forward(x, rows: rows)
        let made = features.forward(y, rows: rows, pass: 1)
        _ = Kernels.difference(
            made, real, times: 2 * weight / Float(count), into: featureSlope.first, count: count)
        features.backward(y, rows: rows, pass: 1, slope: featureSlope.first, inputSlope: fakeSlope.first)
        let values = rows * parts.encoder.inputWidth
        Kernels.axpy(
            1, UnsafeBufferPointer(start: fakeSlope.first, count: values),
            UnsafeMutableBufferPointer(start: slope.first, count: values))
    }

    /// Collects in the discriminator the gradient of `times` the sum of its cross-entropies with `wanted`.
    ///
    /// - Parameter windowSlope: receives the derivative by the windows.
    private func judge(
        _ windows: UnsafePointer<Float>, rows: Int, pass: Int, wanted: FloatBuffer, times factor: Float,
        windowSlope: UnsafeMutablePointer<Float>?
    ) {
        let seen = features.forward(windows, rows: rows, pass: pass)
        let logits = head.forward(seen, rows: rows, pass: pass)
        _ = Kernels.binaryCrossEntropy(
            logits, wanted.first, positiveWeight: 1, times: factor, into: logitSlope.first, count: rows)
        head.backward(seen, rows: rows, pass: pass, slope: logitSlope.first, inputSlope: featureSlope.first)
        features.backward(windows, rows: rows, pass: pass, slope: featureSlope.first, inputSlope: windowSlope)
    }

    private func draw(_ rows: Int) {
        for i in 0..<rows * parts.decoder.inputWidth { drawn.first[i] = Float(noise.gaussian()) }
    }
}
