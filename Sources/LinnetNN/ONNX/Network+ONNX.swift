// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

extension Network {
    /// Appends the nodes of all layers, as they are in use, behind the graph's current value.
    func export(to graph: inout ONNXGraph, parameters: ParameterVector) { layers.export(to: &graph, parameters) }
}

extension LayerStack {
    /// Appends the nodes of all layers, as they are in use.
    ///
    /// - Parameter parameters: those that the layers' offsets count in.
    func export(to graph: inout ONNXGraph, _ parameters: ParameterVector) {
        let values = parameters.values
        for index in 0..<count {
            let layer = layers[index]
            graph.take(layer.input)
            layer.export(to: &graph, parameters: Array(values[offset(index)..<offset(index) + layer.parameterCount]))
            graph.move(to: graph.value, shape: layer.output)
        }
        graph.take(outputShape)
    }
}

extension Activation {
    /// Appends the node of the function, if it is one.
    func export(to graph: inout ONNXGraph) {
        switch self {
        case .identity: break
        case .relu: graph.apply("Relu")
        case .leakyRelu: graph.apply("LeakyRelu", [.float("alpha", 0.01)])
        case .elu: graph.apply("Elu", [.float("alpha", 1)])
        case .tanh: graph.apply("Tanh")
        case .sigmoid: graph.apply("Sigmoid")
        case .softplus: graph.apply("Softplus")
        case .softmax: graph.apply("Softmax", [.int("axis", -1)])
        case .gelu:
            // x/2 (1 + erf(x / sqrt 2)); ONNX has a node of its own for it only since opset 20.
            let x = graph.value
            graph.apply("Mul", to: [graph.constant([Float(0.5).squareRoot()], [])])
            graph.apply("Erf")
            graph.apply("Add", to: [graph.constant([1], [])])
            graph.apply("Mul", to: [x])
            graph.apply("Mul", to: [graph.constant([0.5], [])])
        }
    }
}
