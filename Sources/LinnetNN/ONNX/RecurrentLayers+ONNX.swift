// SPDX-License-Identifier: Apache-2.0
//
// ONNX: X [T,B,C]  W [1,G,C]  R [1,G,U]  B [1,2G], the biases of W and of R  ->  Y [T,1,B,U], Y_h [1,B,U]
// Its gates are in the order i, o, f, c for an LSTM, and z, r, h for a GRU.

import LinnetNumerics

extension RecurrentSequence {
    /// Appends the node of a cell.
    ///
    /// - Parameters:
    ///   - parameters: W, U and b, then what is the layer's own.
    ///   - order: for each of ONNX's gates, which of Linnet's it is.
    ///   - recurrentBias: the biases of U, `[G]` in Linnet's order; `nil` for zeros.
    fileprivate func export(
        _ type: String, to graph: inout ONNXGraph, parameters: [Float], order: [Int], recurrentBias: [Float]? = nil,
        _ attributes: [ONNXGraph.Attribute] = []
    ) {
        func reordered(_ values: [Float], width: Int) -> [Float] {
            order.flatMap { values[$0 * units * width..<($0 + 1) * units * width] }
        }
        let none = [Float](repeating: 0, count: gates)
        let weight = reordered(Array(parameters[..<recurrentOffset]), width: channels)
        let recurrent = reordered(Array(parameters[recurrentOffset..<biasOffset]), width: units)
        let bias =
            reordered(Array(parameters[biasOffset..<end]), width: 1) + reordered(recurrentBias ?? none, width: 1)
        if isConstant {
            graph.reshape([-1, 1, channels])
            graph.apply("Expand", to: [graph.constant([1, steps, 1])])
        } else {
            graph.reshape([-1, steps, channels])
        }
        graph.transpose([1, 0, 2])
        let inputs = [
            graph.value, graph.constant(weight, [1, gates, channels]), graph.constant(recurrent, [1, gates, units]),
            graph.constant(bias, [1, 2 * gates]),
        ]
        // The first output is every step's state, the second the last one's.
        let output = graph.node(
            type, inputs, [.int("hidden_size", units)] + attributes, outputs: returnsSequence ? 1 : 2)
        graph.move(to: output, shape: self.output)
        if returnsSequence {
            graph.transpose([2, 1, 0, 3])
        } else {
            graph.transpose([1, 0, 2])
            graph.reshape([-1, 1, 1, units])
        }
    }
}

extension SimpleRecurrentLayer {
    func export(to graph: inout ONNXGraph, parameters: [Float]) {
        sequence.export("RNN", to: &graph, parameters: parameters, order: [0])
    }
}

extension LSTMLayer {
    func export(to graph: inout ONNXGraph, parameters: [Float]) {
        sequence.export("LSTM", to: &graph, parameters: parameters, order: [0, 3, 1, 2])
    }
}

extension GRULayer {
    func export(to graph: inout ONNXGraph, parameters: [Float]) {
        let none = [Float](repeating: 0, count: 2 * sequence.units)
        sequence.export(
            "GRU", to: &graph, parameters: parameters, order: [1, 0, 2],
            recurrentBias: none + parameters[sequence.end...], [.int("linear_before_reset", 1)])
    }
}
