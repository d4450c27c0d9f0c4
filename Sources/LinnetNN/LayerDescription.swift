// SPDX-License-Identifier: Apache-2.0

/// One dense layer: every output is a weighted sum of all inputs plus a bias, put through an activation.
public struct LayerDescription: Codable, Sendable, Hashable {
    /// The number of outputs.
    public var width: Int
    public var activation: Activation

    public init(width: Int, activation: Activation) {
        self.width = width
        self.activation = activation
    }
}
