// SPDX-License-Identifier: Apache-2.0

/// Where one named matrix or vector of a network lies in the flat parameter vector.
public struct TensorSlot: Sendable, Hashable {
    /// `layers.0.weight` or `layers.0.bias`: the index of the layer's description, and what it is there.
    public let name: String
    /// `[outputs, inputs]` of a dense layer's weight, `[outputs]` of its bias; each layer tells its own.
    public let shape: [Int]
    /// The elements in the parameter vector, row after row.
    public let range: Range<Int>
}
