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

    /// A dense layer with `width` outputs.
    public static func dense(width: Int, activation: Activation) -> LayerDescription {
        .dense(DenseDescription(width: width, activation: activation))
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
