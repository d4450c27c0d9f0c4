// SPDX-License-Identifier: Apache-2.0

/// A recurrent layer over the steps of a sequence, from the first to the last.
///
/// All functions are those of PyTorch's `RNN`, `LSTM` and `GRU`, and of Keras' defaults; where PyTorch has two biases that
/// are only ever added, there is one.
public struct RecurrentDescription: Codable, Sendable, Hashable {
    /// How the state goes from step to step.
    public enum Cell: String, Codable, Sendable, CaseIterable {
        /// `h = tanh(W x + U h + b)` (Elman 1990).
        case simple
        /// Long short-term memory with a forget gate (Hochreiter and Schmidhuber 1997; Gers et al. 2000).
        case lstm
        /// Gated recurrent unit whose reset gate acts after the product (Cho et al. 2014), as in PyTorch, and in Keras
        /// with `reset_after`.
        case gru
    }

    public var cell: Cell
    /// The size of the state, and of what goes out.
    public var units: Int
    /// Whether the state of every step goes out, or that of the last one alone.
    public var returnsSequence: Bool

    public init(_ cell: Cell, units: Int, returnsSequence: Bool = false) {
        self.cell = cell
        self.units = units
        self.returnsSequence = returnsSequence
    }
}
