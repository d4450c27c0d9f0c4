// SPDX-License-Identifier: Apache-2.0

/// Where one named matrix or vector of a network lies in the flat parameter vector.
public struct TensorSlot: Sendable, Hashable {
    /// `layers.0.weight` or `layers.0.bias`, counted from the input on.
    public let name: String
    /// `[outputs, inputs]` of a weight, `[outputs]` of a bias.
    public let shape: [Int]
    /// The elements in the parameter vector, row after row.
    public let range: Range<Int>
}
