// SPDX-License-Identifier: Apache-2.0

extension NetworkArchitecture {
    /// Describes two dense decoders on one encoder (USAD; Audibert et al. 2020).
    ///
    /// The paper scales its data to 0...1 and ends its decoders in a sigmoid. Here windows are standardized, so the sigmoid
    /// comes first: the encoder reads `σ(x)`, decoders put out logits, and errors are taken between sigmoids. What the
    /// network puts out is then a window again, in standardized values.
    ///
    /// - Parameters:
    ///   - hidden: the widths of the encoder, and back of each decoder.
    ///   - latent: the width of the bottleneck.
    ///   - adversarialWeight: λ: in epoch n the opponent has the share `s = λ (1 - 1/n)`. The paper's is 1; from 1/2 on the
    ///     second decoder soon gains more by spoiling what it is shown than by reconstructing it, real windows included.
    ///   - scoreShare: β of the score `(1-β) |x - w1|² + β |x - w3|²`.
    public static func usad(
        inputWidth: Int, hidden: [Int], latent: Int, activation: Activation = .relu, adversarialWeight: Float = 0.3,
        scoreShare: Float = 0.5
    ) -> NetworkArchitecture {
        let encoder: [LayerDescription] =
            [.activation(.sigmoid)] + (hidden + [latent]).map { .dense(width: $0, activation: activation) }
        let decoder: [LayerDescription] =
            hidden.reversed().map { .dense(width: $0, activation: activation) }
            + [.dense(width: inputWidth, activation: .identity)]
        return NetworkArchitecture(
            family: .usad, inputWidth: inputWidth, layers: encoder + decoder,
            companion: CompanionDescription(
                encoderLayers: encoder.count, layers: decoder, adversarialWeight: adversarialWeight,
                scoreShare: scoreShare))
    }

    /// Describes a generative adversarial network with an encoder (Goodfellow et al. 2014; Schlegl et al. 2019).
    ///
    /// Encoder and generator are a dense autoencoder; the generator also turns normal noise into windows, and the
    /// discriminator, `hidden` from the window on, tells those from real ones.
    ///
    /// - Parameters:
    ///   - latent: the numbers that a window is generated from.
    ///   - adversarialWeight: how much the discriminator's judgement counts beside the reconstruction of real windows.
    ///   - scoreShare: λ of the score `(1-λ) |x - G(E(x))|² + λ log(1 + exp(-D(x)))`.
    public static func gan(
        inputWidth: Int, hidden: [Int], latent: Int, activation: Activation = .leakyRelu,
        adversarialWeight: Float = 0.1, scoreShare: Float = 0.1
    ) -> NetworkArchitecture {
        let inner = hidden.map { LayerDescription.dense(width: $0, activation: activation) }
        let encoder = inner + [.dense(width: latent, activation: .identity)]
        return NetworkArchitecture(
            family: .gan, inputWidth: inputWidth,
            layers: encoder + inner.reversed() + [.dense(width: inputWidth, activation: .identity)],
            companion: CompanionDescription(
                encoderLayers: encoder.count, layers: inner + [.dense(width: 1, activation: .identity)],
                adversarialWeight: adversarialWeight, scoreShare: scoreShare))
    }

    /// Describes an autoencoder that a discriminator makes look real (BeatGAN; Zhou et al. 2019).
    ///
    /// - Parameters:
    ///   - hidden: the widths on the way down, the last one being the bottleneck; the discriminator has the same.
    ///   - adversarialWeight: how much the discriminator's features of a window and of its reconstruction must agree.
    ///   - scoreShare: the discriminator's share in the score, as of `gan`; the paper has none.
    public static func autoencoderGAN(
        inputWidth: Int, hidden: [Int], activation: Activation = .leakyRelu, adversarialWeight: Float = 1,
        scoreShare: Float = 0
    ) -> NetworkArchitecture {
        var architecture = denseAutoencoder(inputWidth: inputWidth, hidden: hidden, activation: activation)
        architecture.family = ModelFamily.autoencoderGAN.rawValue
        architecture.companion = CompanionDescription(
            encoderLayers: hidden.count,
            layers: hidden.map { .dense(width: $0, activation: activation) } + [
                .dense(width: 1, activation: .identity)
            ],
            adversarialWeight: adversarialWeight, scoreShare: scoreShare)
        return architecture
    }
}
