// SPDX-License-Identifier: Apache-2.0

/// The shape of a network: everything but its parameters.
///
///     let architecture = NetworkArchitecture.denseAutoencoder(inputWidth: 38, hidden: [32, 16, 8])
///     // 38 -> 32 -> 16 -> 8 -> 16 -> 32 -> 38
///
/// It can be decoded from foreign bytes and describes nothing dangerous until `validate` has passed.
public struct NetworkArchitecture: Codable, Sendable, Hashable {
    /// The name of a `ModelFamily`, as it came: `validate` refuses one that is not known.
    public var family: String
    /// The number of values in one row of input.
    public var inputWidth: Int
    /// The layers from the input on; the last one's width is the output's.
    public var layers: [LayerDescription]

    public init(family: String, inputWidth: Int, layers: [LayerDescription]) {
        self.family = family
        self.inputWidth = inputWidth
        self.layers = layers
    }

    public init(family: ModelFamily, inputWidth: Int, layers: [LayerDescription]) {
        self.init(family: family.rawValue, inputWidth: inputWidth, layers: layers)
    }

    /// The number of weights and biases, P; 0 if `validate` would throw.
    public var parameterCount: Int {
        guard case .success(let layers) = (Result { () throws(NetworkError) in try layers(within: .default) }) else {
            return 0
        }
        return layers.parameterCount
    }

    /// Checks that a network of this shape can be built and is not absurdly large.
    ///
    /// - Throws: the first thing that is wrong, with what is allowed instead.
    public func validate(limits: NetworkLimits = .default) throws(NetworkError) {
        _ = try layers(within: limits)
    }

    /// - Returns: what the network is made of.
    /// - Throws: as `validate`.
    func layers(within limits: NetworkLimits) throws(NetworkError) -> LayerStack {
        guard let known = ModelFamily(rawValue: family) else { throw .unknownFamily(String(family.prefix(64))) }
        guard (1...limits.maximumLayers).contains(layers.count) else {
            throw .layerCount(found: layers.count, maximum: limits.maximumLayers)
        }
        guard (1...limits.maximumWidth).contains(inputWidth) else {
            throw .width(place: "inputWidth", found: inputWidth, maximum: limits.maximumWidth)
        }
        var stack = LayerStack(inputWidth: inputWidth)
        for (index, description) in layers.enumerated() {
            try description.append(to: &stack, at: LayerPlace(index: index, limits: limits))
        }
        guard stack.count > 0 else { throw .noComputation }
        try known.check(outputWidth: stack.outputShape.count, inputWidth: inputWidth)
        return stack
    }
}
