// SPDX-License-Identifier: Apache-2.0

extension NetworkArchitecture {
    /// Describes a symmetric autoencoder: through `hidden` down to its last width, and the same way back up.
    ///
    /// - Parameters:
    ///   - inputWidth: the number of values in one row.
    ///   - hidden: the widths on the way down; the last one is the bottleneck.
    ///   - activation: of all layers but the output, which is linear.
    public static func denseAutoencoder(
        inputWidth: Int, hidden: [Int], activation: Activation = .tanh
    ) -> NetworkArchitecture {
        let inner = hidden + hidden.dropLast().reversed()
        return NetworkArchitecture(
            family: .denseAutoencoder, inputWidth: inputWidth,
            layers: inner.map { .dense(width: $0, activation: activation) }
                + [.dense(width: inputWidth, activation: .identity)])
    }

    /// Describes an autoencoder that must find the window in one with noise added (Vincent et al. 2010), so that it learns
    /// how values depend on each other even without a narrow bottleneck.
    ///
    /// - Parameter noise: the noise's standard deviation, in that of the standardized values.
    public static func denoisingAutoencoder(
        inputWidth: Int, hidden: [Int], activation: Activation = .tanh, noise: Float = 0.2
    ) -> NetworkArchitecture {
        var architecture = denseAutoencoder(inputWidth: inputWidth, hidden: hidden, activation: activation)
        architecture.family = ModelFamily.denoisingAutoencoder.rawValue
        architecture.layers.insert(.gaussianNoise(standardDeviation: noise), at: 0)
        return architecture
    }

    /// Describes an autoencoder with few active units in its bottleneck at a time, which may then be wide (Ng 2011, with
    /// an L1 penalty in place of the divergence).
    ///
    /// - Parameter l1: the price of one unit of activity; the error is a mean over values, this a sum over units.
    public static func sparseAutoencoder(
        inputWidth: Int, hidden: [Int], activation: Activation = .relu, l1: Float = 1e-3
    ) -> NetworkArchitecture {
        var architecture = denseAutoencoder(inputWidth: inputWidth, hidden: hidden, activation: activation)
        architecture.family = ModelFamily.sparseAutoencoder.rawValue
        architecture.layers.insert(.activityPenalty(l1: l1), at: min(hidden.count, architecture.layers.count))
        return architecture
    }

    /// Describes an autoencoder of convolutions over time and their transposes.
    ///
    /// - Parameters:
    ///   - length: the samples of a window; `channels` values each.
    ///   - filters: the output channels of each convolution on the way down.
    ///   - kernel: the samples that a convolution looks at; odd, so that half of it can be padding.
    ///   - stride: by how much each convolution shortens the window.
    ///   - dropout: the share of values that vanish in training after each convolution but the last; 0 for none.
    public static func convolutionalAutoencoder(
        length: Int, channels: Int, filters: [Int] = [32, 16], kernel: Int = 7, stride: Int = 2,
        activation: Activation = .relu, dropout: Float = 0
    ) -> NetworkArchitecture {
        let padding = max(0, kernel / 2)
        // What validation refuses must not trap here.
        let step = max(1, stride)
        var lengths = [max(1, length)]
        var layers: [LayerDescription] = [.reshape([length, channels])]
        for (index, width) in filters.enumerated() {
            layers.append(
                .convolution(
                    filters: width, kernel: [kernel], stride: [stride], padding: [padding], activation: activation))
            if dropout > 0, index < filters.count - 1 { layers.append(.dropout(rate: dropout)) }
            lengths.append((lengths[index] - 1) / step + 1)
        }
        for index in filters.indices.reversed() {
            let isLast = index == 0
            layers.append(
                .transposedConvolution(
                    filters: isLast ? channels : filters[index - 1], kernel: [kernel], stride: [stride],
                    padding: [padding], outputPadding: [lengths[index] - 1 - (lengths[index + 1] - 1) * step],
                    activation: isLast ? .identity : activation))
            if dropout > 0, !isLast { layers.append(.dropout(rate: dropout)) }
        }
        return NetworkArchitecture(
            family: .convolutionalAutoencoder, inputWidth: width(length, channels), layers: layers)
    }

    /// Describes an autoencoder whose encoder reads the window into one state, and whose decoder writes it again from that
    /// (Malhotra et al. 2016, with the state repeated as the decoder's input).
    public static func recurrentAutoencoder(
        _ cell: RecurrentDescription.Cell = .lstm, length: Int, channels: Int, units: Int = 100
    ) -> NetworkArchitecture {
        NetworkArchitecture(
            family: .recurrentAutoencoder, inputWidth: width(length, channels),
            layers: [
                .reshape([length, channels]), .recurrent(RecurrentDescription(cell, units: units)),
                .repeatVector(length), .recurrent(RecurrentDescription(cell, units: units, returnsSequence: true)),
                .dense(width: channels, activation: .identity),
            ])
    }

    /// Describes a variational autoencoder (Kingma and Welling 2014).
    ///
    /// The loss is `sum of squared errors + beta * divergence`, divided by `inputWidth`, so that errors are means as in the
    /// other families. β = 1 stands for a decoder with variance 1/2; a greater one orders the latent space more strictly
    /// (Higgins et al. 2017).
    ///
    /// - Parameters:
    ///   - hidden: the widths between input and latent values, the same way back.
    ///   - latent: the number of latent values.
    public static func variationalAutoencoder(
        inputWidth: Int, hidden: [Int], latent: Int, activation: Activation = .tanh, beta: Float = 1
    ) -> NetworkArchitecture {
        let (parameters, overflows) = latent.multipliedReportingOverflow(by: 2)
        return NetworkArchitecture(
            family: .variationalAutoencoder, inputWidth: inputWidth,
            layers: hidden.map { .dense(width: $0, activation: activation) }
                + [
                    .dense(width: overflows ? latent : parameters, activation: .identity),
                    .gaussianLatent(divergenceWeight: beta / Float(max(1, inputWidth))),
                ] + hidden.reversed().map { .dense(width: $0, activation: activation) }
                + [.dense(width: inputWidth, activation: .identity)])
    }

    /// Describes a network that foretells the last `horizon` samples of a window from those before.
    public static func forecaster(
        _ cell: RecurrentDescription.Cell = .gru, length: Int, channels: Int, horizon: Int = 1, units: Int = 32
    ) -> NetworkArchitecture {
        NetworkArchitecture(
            family: .forecaster, inputWidth: width(length, channels),
            layers: [
                .reshape([length, channels]), .firstSteps(length > horizon ? length - max(0, horizon) : 0),
                .recurrent(RecurrentDescription(cell, units: units)),
                .dense(width: width(horizon, channels), activation: .identity),
            ])
    }

    /// Describes a dense autoencoder of sigmoid layers whose first weights `DeepBeliefPretraining` finds.
    public static func deepBelief(inputWidth: Int, hidden: [Int]) -> NetworkArchitecture {
        var architecture = denseAutoencoder(inputWidth: inputWidth, hidden: hidden, activation: .sigmoid)
        architecture.family = ModelFamily.deepBelief.rawValue
        return architecture
    }

    /// Describes a network of convolutions that foretells the last `horizon` samples of a window from those before.
    ///
    /// - Parameters:
    ///   - filters: the output channels of each convolution; each looks at `kernel` samples, every second one.
    ///   - hidden: the widths of the dense layers between the convolutions and the forecast.
    public static func convolutionalForecaster(
        length: Int, channels: Int, horizon: Int = 1, filters: [Int] = [32, 16], kernel: Int = 5, hidden: [Int] = [32],
        activation: Activation = .relu
    ) -> NetworkArchitecture {
        NetworkArchitecture(
            family: .convolutionalForecaster, inputWidth: width(length, channels),
            layers: [.reshape([length, channels]), .firstSteps(length > horizon ? length - max(0, horizon) : 0)]
                + filters.map {
                    .convolution(
                        filters: $0, kernel: [kernel], stride: [2], padding: [max(0, kernel / 2)],
                        activation: activation)
                }
                + [.flatten] + hidden.map { .dense(width: $0, activation: activation) }
                + [.dense(width: width(horizon, channels), activation: .identity)])
    }

    /// The values of a window; absurd numbers give an absurd width, which validation refuses.
    static func width(_ length: Int, _ channels: Int) -> Int {
        let (width, overflows) = length.multipliedReportingOverflow(by: channels)
        return overflows ? .max : width
    }
}
