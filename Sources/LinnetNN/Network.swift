// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// A network of dense layers that is ready to run: a checked architecture and where its parameters lie.
///
///     let network = try Network(.denseAutoencoder(inputWidth: 38, hidden: [32, 16, 8]))
///     var parameters = network.initialParameters(seed: 1)
///     let reconstruction = network.reconstruct(windows, parameters: parameters)
///
/// A network holds no parameters and no buffers, so one value serves any number of threads; each thread brings its own
/// `Workspace`.
public struct Network: Sendable {
    public let architecture: NetworkArchitecture
    /// The number of weights and biases, P.
    public let parameterCount: Int
    let layers: [DenseLayer]
    /// The number of values that all layers put out for one row.
    let outputsPerRow: Int

    /// Lays out the parameters of `architecture`.
    ///
    /// - Throws: what is wrong with the architecture, under the default limits.
    public init(_ architecture: NetworkArchitecture) throws(NetworkError) {
        try architecture.validate()
        self.architecture = architecture
        var layers: [DenseLayer] = []
        var offset = 0
        var inputs = architecture.inputWidth
        for description in architecture.layers {
            let layer = DenseLayer(
                inputs: inputs, outputs: description.width, activation: description.activation, offset: offset)
            layers.append(layer)
            offset = layer.end
            inputs = description.width
        }
        self.layers = layers
        parameterCount = offset
        outputsPerRow = layers.reduce(0) { $0 + $1.outputs }
    }

    /// The number of values in one row of input, and of output.
    public var inputWidth: Int { architecture.inputWidth }

    /// Every weight and bias in the order in which they lie in the flat vector; together they fill it.
    public var slots: [TensorSlot] {
        layers.enumerated().flatMap { index, layer in
            [
                TensorSlot(
                    name: "layers.\(index).weight", shape: [layer.outputs, layer.inputs],
                    range: layer.weightOffset..<layer.biasOffset),
                TensorSlot(
                    name: "layers.\(index).bias", shape: [layer.outputs], range: layer.biasOffset..<layer.end),
            ]
        }
    }

    /// The weights and biases of each layer in the flat vector, from the input on.
    public var layerRanges: [Range<Int>] { layers.map { $0.weightOffset..<$0.end } }

    /// Draws weights from the uniform distribution over ±√(6 / (inputs + outputs)) and sets biases to zero
    /// (Glorot and Bengio 2010, eq. 16).
    public func initialParameters(seed: UInt64) -> ParameterVector {
        var generator = SeededGenerator(seed: seed)
        var parameters = ParameterVector(repeating: 0, count: parameterCount)
        for layer in layers {
            let bound = (6 / Double(layer.inputs + layer.outputs)).squareRoot()
            for i in layer.weightOffset..<layer.biasOffset {
                parameters[i] = Float(bound * (2 * generator.uniform() - 1))
            }
        }
        return parameters
    }
}

/// One dense layer, `y = f(x W^T + b)`, and where W `[outputs, inputs]` and b `[outputs]` lie in the flat vector.
struct DenseLayer: Sendable {
    let inputs: Int
    let outputs: Int
    let activation: Activation
    let weightOffset: Int

    init(inputs: Int, outputs: Int, activation: Activation, offset: Int) {
        self.inputs = inputs
        self.outputs = outputs
        self.activation = activation
        weightOffset = offset
    }

    var biasOffset: Int { weightOffset + inputs * outputs }
    var end: Int { biasOffset + outputs }
}
