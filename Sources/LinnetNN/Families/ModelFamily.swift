// SPDX-License-Identifier: Apache-2.0

/// What a network is for, which decides what its output is compared with.
public enum ModelFamily: String, Codable, Sendable, CaseIterable {
    /// Dense layers that reconstruct a window through a bottleneck (Sakurada and Yairi 2014): the smallest and fastest.
    case denseAutoencoder
    /// Convolutions over time that reconstruct a window: few parameters, good at shapes that may come at any time.
    case convolutionalAutoencoder
    /// A recurrent encoder and decoder that reconstruct a window (Malhotra et al. 2016): good at long dependencies.
    case recurrentAutoencoder
    /// An autoencoder whose bottleneck is a distribution (Kingma and Welling 2014): smooth, hard to overfit.
    case variationalAutoencoder
    /// A network that foretells the last samples of a window from those before.
    case forecaster
    /// A network whose outputs are logits of classes, or anything else that only its user knows.
    case classifier

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
        case .denseAutoencoder, .convolutionalAutoencoder, .recurrentAutoencoder, .variationalAutoencoder: .window
        case .forecaster: .windowEnd
        case .classifier: .labels
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
