// SPDX-License-Identifier: Apache-2.0

/// The shape of a network: everything but its parameters.
///
///     let architecture = NetworkArchitecture.denseAutoencoder(inputWidth: 38, hidden: [32, 16, 8])
///     // 38 -> 32 -> 16 -> 8 -> 16 -> 32 -> 38
///
/// It can be decoded from foreign bytes and describes nothing dangerous until `validate` has passed.
public struct NetworkArchitecture: Codable, Sendable, Hashable {
    /// The family name of networks of dense layers that reconstruct their own input.
    public static let denseAutoencoderFamily = "denseAutoencoder"

    /// How the layers are put together; only `denseAutoencoder` is known.
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

    /// Describes a symmetric autoencoder: through `hidden` down to its last width, and the same way back up.
    ///
    /// - Parameters:
    ///   - inputWidth: the number of values in one row.
    ///   - hidden: the widths on the way down; the last one is the bottleneck.
    ///   - activation: of all layers but the output, which is linear.
    public static func denseAutoencoder(
        inputWidth: Int, hidden: [Int], activation: Activation = .tanh
    ) -> NetworkArchitecture {
        let inner = hidden + hidden.dropLast().reversed()
        return NetworkArchitecture(
            family: denseAutoencoderFamily, inputWidth: inputWidth,
            layers: inner.map { LayerDescription(width: $0, activation: activation) }
                + [LayerDescription(width: inputWidth, activation: .identity)])
    }

    /// The number of weights and biases, P; only meaningful once `validate` has passed.
    public var parameterCount: Int {
        var inputs = inputWidth
        var count = 0
        for layer in layers {
            // Wrapping, because nobody has checked the widths yet; `validate` refuses what would wrap.
            count = count &+ (inputs &+ 1) &* layer.width
            inputs = layer.width
        }
        return count
    }

    /// Checks that a network of this shape can be built and is not absurdly large.
    ///
    /// - Throws: the first thing that is wrong, with what is allowed instead.
    public func validate(limits: NetworkLimits = .default) throws(NetworkError) {
        guard family == Self.denseAutoencoderFamily else { throw .unknownFamily(String(family.prefix(64))) }
        guard (1...limits.maximumLayers).contains(layers.count) else {
            throw .layerCount(found: layers.count, maximum: limits.maximumLayers)
        }
        var inputs = inputWidth
        var count = 0
        try Self.check(width: inputWidth, at: "inputWidth", limits)
        for (index, layer) in layers.enumerated() {
            try Self.check(width: layer.width, at: "layers.\(index).width", limits)
            // No overflow: at most maximumLayers sums of products of two checked widths.
            count += (inputs + 1) * layer.width
            inputs = layer.width
        }
        guard count <= limits.maximumParameters else {
            throw .parameterCount(found: count, maximum: limits.maximumParameters)
        }
        guard inputs == inputWidth else { throw .outputWidth(found: inputs, inputWidth: inputWidth) }
    }

    private static func check(width: Int, at place: String, _ limits: NetworkLimits) throws(NetworkError) {
        guard (1...limits.maximumWidth).contains(width) else {
            throw .width(place: place, found: width, maximum: limits.maximumWidth)
        }
    }
}
