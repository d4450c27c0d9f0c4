// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

extension Network {
    /// The companion as a network of its own, ready to run: of `usad` from the window through the shared encoder and the
    /// second decoder to a window, of the others the discriminator, from a window to one logit.
    ///
    /// - Parameter parameters: those of the whole model, `[parameterCount]`.
    /// - Returns: the network and its parameters; `nil` if the family has no companion.
    public func companion(parameters: ParameterVector) -> (network: Network, parameters: ParameterVector)? {
        precondition(parameters.count == parameterCount, "\(parameters.count) parameters for \(parameterCount)")
        guard let companion = architecture.companion else { return nil }
        let isDecoder = ModelFamily(rawValue: architecture.family)?.opponent == .decoder
        let shared = isDecoder ? companion.encoderLayers : 0
        guard
            let network = try? Network(part: architecture.layers[..<shared] + companion.layers, inputWidth: inputWidth)
        else { return nil }
        // The companion's own parameters are the last ones, those of what it shares the first.
        let own = parameterCount - layers.parameterCount
        let values = parameters.values
        return (network, ParameterVector(Array(values[..<(network.parameterCount - own)] + values.suffix(own))))
    }

    /// The decoder as a network of its own, from the bottleneck to a window; of a GAN it is the generator.
    ///
    /// - Parameter parameters: those of the whole model, `[parameterCount]`.
    /// - Returns: the network and its parameters; `nil` if the family has no companion.
    public func decoder(parameters: ParameterVector) -> (network: Network, parameters: ParameterVector)? {
        precondition(parameters.count == parameterCount, "\(parameters.count) parameters for \(parameterCount)")
        guard let parts = NetworkParts(self) else { return nil }
        return (parts.decoder, ParameterVector(Array(parameters.values[parts.decoderRange])))
    }
}

/// The networks that an adversarial model consists of, and where their parameters lie in its flat vector.
struct NetworkParts: Sendable {
    let encoder: Network
    let decoder: Network
    /// The second decoder; or a discriminator's features and, from its last layer, its logit.
    let companion: [Network]

    /// - Returns: `nil` if the model has no companion.
    init?(_ network: Network) {
        guard let description = network.architecture.companion else { return nil }
        let (layers, count) = (network.architecture.layers, description.encoderLayers)
        // All of them have been checked as parts of the whole.
        guard let encoder = try? Network(part: layers[..<count], inputWidth: network.inputWidth),
            let decoder = try? Network(part: layers[count...], following: encoder)
        else { return nil }
        self.encoder = encoder
        self.decoder = decoder
        guard ModelFamily(rawValue: network.architecture.family)?.opponent == .discriminator else {
            guard let second = try? Network(part: description.layers, following: encoder) else { return nil }
            companion = [second]
            return
        }
        guard let features = try? Network(part: description.layers.dropLast(), inputWidth: network.inputWidth),
            let head = try? Network(part: description.layers.suffix(1), following: features)
        else { return nil }
        companion = [features, head]
    }

    var encoderRange: Range<Int> { 0..<encoder.parameterCount }
    var decoderRange: Range<Int> { Self.range(of: decoder, after: encoderRange) }

    /// Of each network of the companion.
    var companionRanges: [Range<Int>] {
        var ranges = [decoderRange]
        for network in companion { ranges.append(Self.range(of: network, after: ranges[ranges.count - 1])) }
        return Array(ranges.dropFirst())
    }

    private static func range(of network: Network, after range: Range<Int>) -> Range<Int> {
        range.upperBound..<range.upperBound + network.parameterCount
    }
}

extension Network {
    /// A piece of a larger network: any width may come out.
    fileprivate init(part layers: some Collection<LayerDescription>, inputWidth: Int) throws(NetworkError) {
        try self.init(NetworkArchitecture(family: .classifier, inputWidth: inputWidth, layers: Array(layers)))
    }

    /// A piece that reads what comes out of another, in the shape that it has there.
    fileprivate init(part layers: some Collection<LayerDescription>, following before: Network) throws(NetworkError) {
        let shape = before.layers.outputShape
        try self.init(
            part: [.reshape([shape.height, shape.width, shape.channels])] + Array(layers), inputWidth: shape.count)
    }
}
