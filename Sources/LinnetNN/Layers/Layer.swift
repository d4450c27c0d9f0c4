// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// One step of a network: how a batch of rows goes through it, and how the loss's derivative comes back.
///
/// A layer is a value without memory. Its parameters lie side by side in the network's flat vector, in the order of
/// `tensors`; what it must remember between forward and backward lies in the workspace.
protocol Layer: Sendable {
    /// The shape of one row that comes in.
    var input: LayerShape { get }
    /// The shape of one row that goes out.
    var output: LayerShape { get }
    /// The layer's matrices and vectors, in the order in which they lie in memory.
    var tensors: [LayerTensor] { get }

    /// The products of a weight and a value that one row takes forward.
    var multiplyAdds: Int { get }

    /// The number of Floats that the layer keeps from forward to backward, for a batch of `rows`.
    func keptCount(rows: Int) -> Int

    /// Writes the output. Allocates nothing.
    ///
    /// - Returns: what the layer adds to the loss; 0 for most.
    func forward(_ pass: LayerPass) -> Double

    /// Writes the derivative of the loss by each parameter and, where it is wanted, by each input. Allocates nothing.
    ///
    /// - Parameter pass: what `forward` has seen and written; nothing in between has changed it.
    func backward(_ pass: LayerPass, _ slopes: LayerSlopes)

    /// Whether some parameters are not trained but follow the data, by `updateStatistics`.
    var hasStatistics: Bool { get }

    /// Moves such parameters to what the last `forward` in training has found. Called after the optimizer's step.
    func updateStatistics(_ pass: LayerPass, parameters: UnsafeMutablePointer<Float>)

    /// Appends what the layer does in use to an ONNX graph, whose current value has the layer's input as its rows.
    ///
    /// - Parameter parameters: the layer's own.
    func export(to graph: inout ONNXGraph, parameters: [Float])
}

extension Layer {
    var tensors: [LayerTensor] { [] }
    /// Each weight acts at every place of the input.
    var multiplyAdds: Int { tensors.reduce(0) { $0 + ($1.isWeight ? $1.count : 0) } * input.places }
    func keptCount(rows: Int) -> Int { 0 }
    var hasStatistics: Bool { false }
    func updateStatistics(_ pass: LayerPass, parameters: UnsafeMutablePointer<Float>) {}

    /// The number of weights and biases; the sizes have been checked.
    var parameterCount: Int { tensors.reduce(0) { $0 + $1.count } }
}

/// The memory of one layer in one pass.
struct LayerPass {
    /// The rows of the batch, at least 1.
    let rows: Int
    /// Whether layers that act in training only are to act.
    let isTraining: Bool
    /// The layer's own parameters.
    let parameters: UnsafePointer<Float>
    /// `[rows, input]`.
    let input: UnsafePointer<Float>
    /// `[rows, output]`.
    let output: UnsafeMutablePointer<Float>
    /// `[keptCount]`.
    let kept: UnsafeMutablePointer<Float>
    /// Where layers that act at random take their numbers from.
    let noise: UnsafeMutablePointer<SeededGenerator>
}

/// The derivatives of the loss around one layer.
struct LayerSlopes {
    /// By the output, `[rows, output]`; the layer may overwrite it.
    let output: UnsafeMutablePointer<Float>
    /// Receives that by the input, `[rows, input]`; `nil` where nobody asks for it.
    let input: UnsafeMutablePointer<Float>?
    /// Receives those by the layer's own parameters, in their order.
    let parameters: UnsafeMutablePointer<Float>
}

/// One matrix or vector of a layer.
struct LayerTensor: Sendable {
    /// How its elements are drawn before the first training.
    enum Start: Sendable {
        case zeros
        case ones
        /// Evenly within ±bound.
        case uniform(bound: Double)
        /// Evenly within ±√(6 / (inputs + outputs)) (Glorot and Bengio 2010, eq. 16).
        case glorot(inputs: Int, outputs: Int)
    }

    let name: String
    let shape: [Int]
    let start: Start

    var count: Int { shape.reduce(1, *) }

    /// Whether it is a weight, which `l1` and `l2` make small; what starts the same everywhere is not.
    var isWeight: Bool {
        switch start {
        case .glorot, .uniform: true
        case .zeros, .ones: false
        }
    }
}
