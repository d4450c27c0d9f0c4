// SPDX-License-Identifier: Apache-2.0

import LinnetNN

extension ModelFamily {
    /// The families that can tell how little a window is like normal ones.
    public static let detecting: [ModelFamily] = allCases.filter { family in
        if case .labels = family.target { false } else { true }
    }

    /// What people call it.
    public var title: String {
        switch self {
        case .denseAutoencoder: "dense autoencoder"
        case .denoisingAutoencoder: "denoising autoencoder"
        case .sparseAutoencoder: "sparse autoencoder"
        case .convolutionalAutoencoder: "convolutional autoencoder"
        case .recurrentAutoencoder: "LSTM autoencoder"
        case .variationalAutoencoder: "variational autoencoder"
        case .deepBelief: "deep belief network"
        case .usad: "USAD"
        case .gan: "GAN"
        case .autoencoderGAN: "autoencoder + GAN"
        case .forecaster: "GRU forecaster"
        case .convolutionalForecaster: "convolutional forecaster"
        case .classifier: "classifier"
        case .convolutionalClassifier: "convolutional classifier"
        }
    }

    /// Samples that a window must have for it to be worth its cost: what reads time needs some.
    var minimumLength: Int {
        switch self {
        case .forecaster: 4
        case .convolutionalAutoencoder, .recurrentAutoencoder, .convolutionalForecaster: 8
        default: 1
        }
    }

    /// Windows it is fitted on at most; of more, every n-th. A step through time costs a recurrent network as much as a
    /// whole window costs a dense one.
    var maximumWindows: Int {
        switch self {
        case .recurrentAutoencoder, .forecaster: 2000
        case .convolutionalAutoencoder, .convolutionalForecaster: 4000
        default: 8000
        }
    }

    /// Passes over the windows, at most: training stops when held-out windows gain nothing.
    var epochs: Int {
        switch self {
        case .recurrentAutoencoder, .forecaster: 20
        default: 30
        }
    }
}
