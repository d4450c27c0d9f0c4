// SPDX-License-Identifier: Apache-2.0

/// A model in a few lines: its family, and the numbers that are not the family's defaults.
///
///     var model = ModelDescription(.usad)
///     model.latent = 4
///     let network = try Network(model.architecture(length: 12, channels: 8))
///
/// In JSON, and with the same keys in configuration files: `{"family": "usad", "latent": 4}`. What is left out follows from
/// the window's size. An option that the family does not have is refused by `architecture`.
public struct ModelDescription: Codable, Sendable, Hashable {
    public var family: ModelFamily
    /// The widths of the dense layers between window and bottleneck, mirrored on the way back; of an autoencoder without
    /// `latent` the last one is the bottleneck.
    public var hidden: [Int]?
    /// The width of the bottleneck.
    public var latent: Int?
    /// Of all layers but recurrent and output layers.
    public var activation: Activation?
    /// The standard deviation of the noise that a denoising autoencoder must take away, in that of the values.
    public var noise: Float?
    /// The price of one unit of activity in a sparse autoencoder's bottleneck.
    public var sparsity: Float?
    /// The output channels of each convolution.
    public var filters: [Int]?
    /// The samples that a convolution looks at; odd.
    public var kernel: Int?
    /// By how much each convolution of an autoencoder shortens the window.
    public var stride: Int?
    /// The share of values that vanish in training.
    public var dropout: Float?
    /// How a recurrent layer's state goes from step to step.
    public var cell: RecurrentDescription.Cell?
    /// The size of a recurrent layer's state.
    public var units: Int?
    /// The samples that a forecaster foretells.
    public var horizon: Int?
    /// How strictly a variational autoencoder orders its bottleneck.
    public var beta: Float?
    /// How much the opponent counts in the training of an adversarial family.
    public var adversarialWeight: Float?
    /// The companion's share in the score of an adversarial family.
    public var scoreShare: Float?
    /// The classes that a classifier tells apart.
    public var classes: Int?
    /// The passes over the rows by which each layer of a deep belief network learns before fine-tuning.
    public var pretrainingEpochs: Int?

    /// The family with all its defaults.
    public init(_ family: ModelFamily) { self.family = family }

    /// A dense autoencoder with these widths from the window to the bottleneck.
    public static func dense(_ hidden: [Int]) -> ModelDescription {
        var model = ModelDescription(.denseAutoencoder)
        model.hidden = hidden
        return model
    }

    /// The options of descriptions, each the name of a key.
    public enum Option: String, Sendable, Codable, CaseIterable {
        case hidden, latent, activation, noise, sparsity, filters, kernel, stride, dropout, cell, units, horizon, beta
        case adversarialWeight, scoreShare, classes, pretrainingEpochs
    }

    /// The options that are given.
    public var options: [Option] { Option.allCases.filter(has) }

    private func has(_ option: Option) -> Bool {
        switch option {
        case .hidden: hidden != nil
        case .latent: latent != nil
        case .activation: activation != nil
        case .noise: noise != nil
        case .sparsity: sparsity != nil
        case .filters: filters != nil
        case .kernel: kernel != nil
        case .stride: stride != nil
        case .dropout: dropout != nil
        case .cell: cell != nil
        case .units: units != nil
        case .horizon: horizon != nil
        case .beta: beta != nil
        case .adversarialWeight: adversarialWeight != nil
        case .scoreShare: scoreShare != nil
        case .classes: classes != nil
        case .pretrainingEpochs: pretrainingEpochs != nil
        }
    }
}
