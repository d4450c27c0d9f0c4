// SPDX-License-Identifier: Apache-2.0

extension ModelDescription {
    /// The network for windows of `length` samples of `channels` values.
    ///
    /// Absurd numbers give an absurd architecture, which `Network` refuses.
    ///
    /// - Throws: `NetworkError.option` for an option that the family does not have.
    public func architecture(length: Int, channels: Int) throws(NetworkError) -> NetworkArchitecture {
        for option in options where !family.options.contains(option) {
            throw .option(name: option.rawValue, family: family.rawValue, allowed: family.options.map(\.rawValue))
        }
        let width = NetworkArchitecture.width(length, channels)
        switch family.target {
        case .window: return autoencoder(length: length, channels: channels, width: width)
        case .windowEnd: return forecaster(length: length, channels: channels)
        case .labels: return classifier(length: length, channels: channels, width: width)
        }
    }

    private func autoencoder(length: Int, channels: Int, width: Int) -> NetworkArchitecture {
        // A bottleneck as wide as the window would learn to copy it.
        let narrow = max(1, min(16, width / 8, width / 2), min(2, width / 2))
        let wide = max(narrow, min(64, width / 2))
        let widths = hidden ?? [wide, narrow]
        switch family {
        case .denoisingAutoencoder:
            return .denoisingAutoencoder(
                inputWidth: width, hidden: widths, activation: activation ?? .tanh, noise: noise ?? 0.2)
        case .sparseAutoencoder:
            return .sparseAutoencoder(
                inputWidth: width, hidden: hidden ?? [min(64, width)], activation: activation ?? .relu,
                l1: sparsity ?? 1e-3)
        case .convolutionalAutoencoder:
            return .convolutionalAutoencoder(
                length: length, channels: channels, filters: filters ?? [32, 16], kernel: kernel ?? 7,
                stride: stride ?? 2, activation: activation ?? .relu, dropout: dropout ?? 0)
        case .recurrentAutoencoder:
            return .recurrentAutoencoder(cell ?? .lstm, length: length, channels: channels, units: units ?? 32)
        case .variationalAutoencoder:
            return .variationalAutoencoder(
                inputWidth: width, hidden: hidden ?? [wide], latent: latent ?? narrow, activation: activation ?? .tanh,
                beta: beta ?? 0.1)
        case .deepBelief: return .deepBelief(inputWidth: width, hidden: widths)
        case .usad:
            return .usad(
                inputWidth: width, hidden: hidden ?? [wide], latent: latent ?? narrow, activation: activation ?? .relu,
                adversarialWeight: adversarialWeight ?? 0.3, scoreShare: scoreShare ?? 0.5)
        case .gan:
            return .gan(
                inputWidth: width, hidden: hidden ?? [wide], latent: latent ?? narrow,
                activation: activation ?? .leakyRelu, adversarialWeight: adversarialWeight ?? 0.1,
                scoreShare: scoreShare ?? 0.1)
        case .autoencoderGAN:
            return .autoencoderGAN(
                inputWidth: width, hidden: widths, activation: activation ?? .leakyRelu,
                adversarialWeight: adversarialWeight ?? 1, scoreShare: scoreShare ?? 0)
        default:
            return .denseAutoencoder(inputWidth: width, hidden: widths, activation: activation ?? .tanh)
        }
    }

    private func forecaster(length: Int, channels: Int) -> NetworkArchitecture {
        guard family == .convolutionalForecaster else {
            return .forecaster(
                cell ?? .gru, length: length, channels: channels, horizon: horizon ?? 1, units: units ?? 32)
        }
        return .convolutionalForecaster(
            length: length, channels: channels, horizon: horizon ?? 1, filters: filters ?? [32, 16],
            kernel: kernel ?? 5, hidden: hidden ?? [32], activation: activation ?? .relu)
    }

    private func classifier(length: Int, channels: Int, width: Int) -> NetworkArchitecture {
        guard family == .convolutionalClassifier else {
            return .classifier(
                inputWidth: width, hidden: hidden ?? [64, 32], classes: classes ?? 2, activation: activation ?? .relu,
                dropout: dropout ?? 0)
        }
        return .convolutionalClassifier(
            length: length, channels: channels, filters: filters ?? [16, 32], kernel: kernel ?? 5,
            hidden: hidden ?? [64], classes: classes ?? 2, activation: activation ?? .relu, dropout: dropout ?? 0)
    }
}

extension ModelFamily {
    /// The options that a description of this family may have.
    public var options: [ModelDescription.Option] {
        switch self {
        case .denseAutoencoder: [.hidden, .activation]
        case .denoisingAutoencoder: [.hidden, .activation, .noise]
        case .sparseAutoencoder: [.hidden, .activation, .sparsity]
        case .convolutionalAutoencoder: [.filters, .kernel, .stride, .activation, .dropout]
        case .recurrentAutoencoder: [.cell, .units]
        case .variationalAutoencoder: [.hidden, .latent, .activation, .beta]
        case .deepBelief: [.hidden, .pretrainingEpochs]
        case .usad, .gan: [.hidden, .latent, .activation, .adversarialWeight, .scoreShare]
        case .autoencoderGAN: [.hidden, .activation, .adversarialWeight, .scoreShare]
        case .forecaster: [.cell, .units, .horizon]
        case .convolutionalForecaster: [.filters, .kernel, .hidden, .activation, .horizon]
        case .classifier: [.hidden, .activation, .dropout, .classes]
        case .convolutionalClassifier: [.filters, .kernel, .hidden, .activation, .dropout, .classes]
        }
    }
}
