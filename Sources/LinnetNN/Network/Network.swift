// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// A network that is ready to run: a checked architecture and where the parameters of its layers lie.
///
///     let network = try Network(.denseAutoencoder(inputWidth: 38, hidden: [32, 16, 8]))
///     var parameters = network.initialParameters(seed: 1)
///     let reconstruction = network.reconstruct(windows, parameters: parameters)
///
/// A network holds no parameters and no buffers, so one value serves any number of threads; each thread brings its own
/// `Workspace`.
public struct Network: Sendable {
    public let architecture: NetworkArchitecture
    let layers: LayerStack
    /// The second network of an adversarial family; its parameters lie behind those of `layers`.
    let companionLayers: LayerStack?
    /// The number of values that all layers put out for one row.
    let outputsPerRow: Int
    /// The layers with parameters that are not trained but follow the data.
    let statisticalLayers: [Int]

    /// Lays out the parameters of `architecture`.
    ///
    /// - Throws: what is wrong with the architecture, under the default limits.
    public init(_ architecture: NetworkArchitecture) throws(NetworkError) {
        self.architecture = architecture
        let stacks = try architecture.stacks(within: .default)
        layers = stacks.layers
        companionLayers = stacks.companion
        statisticalLayers = layers.statisticalLayers
        outputsPerRow = layers.layers.reduce(0) { $0 + $1.output.count }
    }

    /// The number of values in one row of output; an autoencoder's is the input's.
    public var outputWidth: Int { layers.outputShape.count }

    /// The number of weights and biases, P.
    public var parameterCount: Int { layers.parameterCount + (companionLayers?.parameterCount ?? 0) }

    /// The products of a weight and a value that one row takes from input to output; a companion's are its own.
    public var multiplyAdds: Int { layers.layers.reduce(0) { $0 + $1.multiplyAdds } }

    /// The number of values in one row of input.
    public var inputWidth: Int { architecture.inputWidth }

    /// Every weight and bias in the order in which they lie in the flat vector; together they fill it.
    public var slots: [TensorSlot] {
        var slots: [TensorSlot] = []
        forEachTensor { name, tensor, range in
            slots.append(TensorSlot(name: name, shape: tensor.shape, range: range))
        }
        return slots
    }

    /// The weights and biases of each layer that has some in the flat vector, from the input on; a companion's last.
    public var layerRanges: [Range<Int>] {
        let first = layers.parameterCount
        let companion = companionLayers?.parameterRanges ?? []
        return layers.parameterRanges + companion.map { first + $0.lowerBound..<first + $0.upperBound }
    }

    /// Calls `body` with each tensor in the order in which they lie in the flat vector.
    func forEachTensor(_ body: (_ name: String, _ tensor: LayerTensor, _ range: Range<Int>) -> Void) {
        layers.forEachTensor(body)
        let first = layers.parameterCount
        companionLayers?.forEachTensor { name, tensor, range in
            body(name, tensor, first + range.lowerBound..<first + range.upperBound)
        }
    }

    /// Draws the first weights, each layer's as its description says; biases are zero.
    public func initialParameters(seed: UInt64) -> ParameterVector {
        var generator = SeededGenerator(seed: seed)
        var parameters = ParameterVector(repeating: 0, count: parameterCount)
        func draw(_ bound: Double, _ range: Range<Int>) {
            for i in range { parameters[i] = Float(bound * (2 * generator.uniform() - 1)) }
        }
        forEachTensor { _, tensor, range in
            switch tensor.start {
            case .zeros: break
            case .ones: for i in range { parameters[i] = 1 }
            case .glorot(let inputs, let outputs): draw((6 / Double(inputs + outputs)).squareRoot(), range)
            case .uniform(let bound): draw(bound, range)
            }
        }
        return parameters
    }
}
