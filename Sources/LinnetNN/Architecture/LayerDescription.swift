// SPDX-License-Identifier: Apache-2.0

/// One layer of an architecture, before anybody has checked it.
///
///     let encoder: [LayerDescription] = [
///         .reshape([60, 8]),                                                          // 60 samples of 8 channels
///         .convolution(filters: 32, kernel: [7], stride: [2], padding: [3], activation: .relu),
///         .flatten, .dense(width: 16, activation: .tanh),
///     ]
///
/// In JSON a layer is an object with its `kind`; without one it is dense: `{"width": 16, "activation": "tanh"}`.
public enum LayerDescription: Sendable, Hashable {
    /// Every output at a place is a weighted sum of all inputs at that place; after `flatten`, of all inputs.
    case dense(DenseDescription)
    /// A function of each value, or of the values at each place, by itself.
    case activation(Activation)
    /// Gives the values another shape: `[channels]`, `[width, channels]` or `[height, width, channels]`.
    case reshape([Int])
    /// Puts all values at one place.
    case flatten

    /// Every output looks at a patch of the input, all with the same weights.
    case convolution(ConvolutionDescription)
    /// Every input lays a patch over the output: what leads back from a convolution with a stride.
    case transposedConvolution(ConvolutionDescription)
    /// One place of several, channel by channel.
    case pooling(PoolingDescription)
    /// Every place several times; one number for a sequence, height and width for a grid.
    case upsampling([Int])
    /// A state that goes along the steps of a sequence.
    case recurrent(RecurrentDescription)
    /// A single place that many times: a sequence of equal steps, for a decoder to start from.
    case repeatVector(Int)
    /// Lets that many steps of a sequence through, the first ones.
    case firstSteps(Int)
    /// In training each value vanishes with this probability, 0 to 0.95; the others grow so that the mean stays.
    case dropout(rate: Float)
    /// In training normal noise of this standard deviation is added to each value.
    case gaussianNoise(standardDeviation: Float)
    /// Adds `l1` times the sum of the values' sizes, a mean over rows, to the loss: most values become zero.
    case activityPenalty(l1: Float)
    /// Brings the channels at each place to zero mean and unit variance.
    case layerNormalization
    /// Brings each channel to zero mean and unit variance over the batch, in use over the batches seen in training.
    case batchNormalization
    /// Draws half as many values as come in, from the means and log variances that come in; in use it takes the means.
    ///
    /// The divergence from the standard normal distribution, a sum over the values and a mean over rows, is added to the
    /// loss `divergenceWeight` times.
    case gaussianLatent(divergenceWeight: Float)

    /// A dense layer with `width` outputs.
    public static func dense(width: Int, activation: Activation) -> LayerDescription {
        .dense(DenseDescription(width: width, activation: activation))
    }

    /// A convolution with `filters` output channels; see `ConvolutionDescription`.
    public static func convolution(
        filters: Int, kernel: [Int], stride: [Int] = [1], padding: [Int] = [0], dilation: [Int] = [1],
        activation: Activation = .identity
    ) -> LayerDescription {
        .convolution(
            ConvolutionDescription(
                filters: filters, kernel: kernel, stride: stride, padding: padding, dilation: dilation,
                activation: activation))
    }

    /// A transposed convolution with `filters` output channels; see `ConvolutionDescription`.
    public static func transposedConvolution(
        filters: Int, kernel: [Int], stride: [Int] = [1], padding: [Int] = [0], dilation: [Int] = [1],
        outputPadding: [Int] = [0], activation: Activation = .identity
    ) -> LayerDescription {
        .transposedConvolution(
            ConvolutionDescription(
                filters: filters, kernel: kernel, stride: stride, padding: padding, dilation: dilation,
                outputPadding: outputPadding, activation: activation))
    }

    /// An LSTM layer; `returnsSequence` tells whether every step's state goes out or the last one's.
    public static func lstm(units: Int, returnsSequence: Bool = false) -> LayerDescription {
        .recurrent(RecurrentDescription(.lstm, units: units, returnsSequence: returnsSequence))
    }

    /// A GRU layer; `returnsSequence` tells whether every step's state goes out or the last one's.
    public static func gru(units: Int, returnsSequence: Bool = false) -> LayerDescription {
        .recurrent(RecurrentDescription(.gru, units: units, returnsSequence: returnsSequence))
    }

    /// The largest value of every frame, channel by channel.
    public static func maxPooling(size: [Int], stride: [Int]? = nil) -> LayerDescription {
        .pooling(PoolingDescription(.maximum, size: size, stride: stride))
    }

    /// The mean of every frame, channel by channel.
    public static func averagePooling(size: [Int], stride: [Int]? = nil) -> LayerDescription {
        .pooling(PoolingDescription(.average, size: size, stride: stride))
    }
}

/// A dense layer: every output is a weighted sum of all inputs plus a bias, put through an activation.
public struct DenseDescription: Codable, Sendable, Hashable {
    /// The number of outputs.
    public var width: Int
    public var activation: Activation

    public init(width: Int, activation: Activation) {
        self.width = width
        self.activation = activation
    }
}
