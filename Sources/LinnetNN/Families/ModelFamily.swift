// SPDX-License-Identifier: Apache-2.0

/// What a network is for: how it is trained, and what its output is compared with.
public enum ModelFamily: String, Codable, Sendable, CaseIterable {
    /// Dense layers that reconstruct a window through a bottleneck (Sakurada and Yairi 2014): the smallest and fastest.
    case denseAutoencoder
    /// A dense autoencoder that must find the window in one with noise added (Vincent et al. 2010).
    case denoisingAutoencoder
    /// A dense autoencoder of which few units are active at a time (Ng 2011).
    case sparseAutoencoder
    /// Convolutions over time that reconstruct a window: few parameters, good at shapes that may come at any time.
    case convolutionalAutoencoder
    /// A recurrent encoder and decoder that reconstruct a window (Malhotra et al. 2016): good at long dependencies.
    case recurrentAutoencoder
    /// An autoencoder whose bottleneck is a distribution (Kingma and Welling 2014): smooth, hard to overfit.
    case variationalAutoencoder
    /// A dense autoencoder whose first weights are those of restricted Boltzmann machines (Hinton and Salakhutdinov 2006).
    case deepBelief
    /// Two decoders on one encoder, of which the second learns to tell the first one's windows from real ones (USAD;
    /// Audibert et al. 2020).
    case usad
    /// A generator and a discriminator, with an encoder that finds the noise a window could have come from (Schlegl et al.
    /// 2019; Zenati et al. 2018).
    case gan
    /// An autoencoder whose reconstructions must look real to a discriminator (BeatGAN; Zhou et al. 2019).
    case autoencoderGAN
    /// A recurrent network that foretells the last samples of a window from those before.
    case forecaster
    /// Convolutions over time that foretell the last samples of a window from those before.
    case convolutionalForecaster
    /// Dense layers whose outputs are logits of classes, or anything else that only its user knows.
    case classifier
    /// Convolutions and dense layers whose outputs are logits of classes.
    case convolutionalClassifier

    /// What the outputs are compared with in use.
    public enum Target: Sendable {
        /// The whole window.
        case window
        /// The last samples of the window.
        case windowEnd
        /// Nothing that is part of the window.
        case labels
    }

    public var target: Target {
        switch self {
        case .denseAutoencoder, .denoisingAutoencoder, .sparseAutoencoder, .convolutionalAutoencoder,
            .recurrentAutoencoder, .variationalAutoencoder, .deepBelief, .usad, .gan, .autoencoderGAN:
            .window
        case .forecaster, .convolutionalForecaster: .windowEnd
        case .classifier, .convolutionalClassifier: .labels
        }
    }

    /// What it is good for, in one line.
    public var purpose: String {
        switch self {
        case .denseAutoencoder: "the first network to try: smallest and fastest, channels that go together"
        case .denoisingAutoencoder: "few channels, where a bottleneck would be too narrow; noisy sensors"
        case .sparseAutoencoder: "machines with many modes of operation: a wide bottleneck, few units active"
        case .convolutionalAutoencoder: "long windows; shapes that may come at any time; few weights to send"
        case .recurrentAutoencoder: "long dependencies in windows of 10 to 100 samples; costs the most per window"
        case .variationalAutoencoder: "little data: a smooth bottleneck is hard to overfit"
        case .deepBelief: "deep dense networks on little data: weights are learned layer by layer first"
        case .usad: "anomalies close to normal: a second decoder amplifies what the first gets slightly wrong"
        case .gan: "scores with a discriminator's view of the whole window; makes samples for classifiers"
        case .autoencoderGAN: "reconstructions that must look real; waveforms with detail"
        case .forecaster: "what comes next follows from what was: cycles, set points, slow dynamics"
        case .convolutionalForecaster: "the same on longer windows, at less cost"
        case .classifier: "plants with labelled faults, on features or short windows"
        case .convolutionalClassifier: "plants with labelled faults, on raw windows"
        }
    }

    /// What the companion of an adversarial family is.
    enum Opponent {
        /// From the bottleneck to a window.
        case decoder
        /// From a window to one logit.
        case discriminator
    }

    /// `nil` for a family that is a single network.
    var opponent: Opponent? {
        switch self {
        case .usad: .decoder
        case .gan, .autoencoderGAN: .discriminator
        default: nil
        }
    }

    /// - Throws: `NetworkError.outputWidth` if a network with these widths cannot be of this family.
    func check(outputWidth: Int, inputWidth: Int) throws(NetworkError) {
        switch target {
        case .window where outputWidth != inputWidth, .windowEnd where outputWidth >= inputWidth:
            throw .outputWidth(found: outputWidth, inputWidth: inputWidth)
        default: break
        }
    }
}
