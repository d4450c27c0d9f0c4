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
    /// The second network of an adversarial family; the others have none.
    public var companion: CompanionDescription?

    public init(
        family: String, inputWidth: Int, layers: [LayerDescription], companion: CompanionDescription? = nil
    ) {
        self.family = family
        self.inputWidth = inputWidth
        self.layers = layers
        self.companion = companion
    }

    public init(
        family: ModelFamily, inputWidth: Int, layers: [LayerDescription], companion: CompanionDescription? = nil
    ) {
        self.init(family: family.rawValue, inputWidth: inputWidth, layers: layers, companion: companion)
    }

    /// The number of weights and biases, P; 0 if `validate` would throw.
    public var parameterCount: Int {
        guard case .success(let stacks) = (Result { () throws(NetworkError) in try stacks(within: .default) }) else {
            return 0
        }
        return stacks.parameterCount
    }

    /// Checks that a network of this shape can be built and is not absurdly large.
    ///
    /// - Throws: the first thing that is wrong, with what is allowed instead.
    public func validate(limits: NetworkLimits = .default) throws(NetworkError) {
        _ = try stacks(within: limits)
    }

    /// What the network and its companion are made of.
    struct Stacks {
        var layers: LayerStack
        var companion: LayerStack?
        var parameterCount: Int { layers.parameterCount + (companion?.parameterCount ?? 0) }
    }

    /// - Throws: as `validate`.
    func stacks(within limits: NetworkLimits) throws(NetworkError) -> Stacks {
        guard let known = ModelFamily(rawValue: family) else { throw .unknownFamily(String(family.prefix(64))) }
        guard (1...limits.maximumWidth).contains(inputWidth) else {
            throw .width(place: "inputWidth", found: inputWidth, maximum: limits.maximumWidth)
        }
        let main = try Self.stack(layers, on: LayerShape(channels: inputWidth), list: "layers", within: limits)
        try known.check(outputWidth: main.outputShape.count, inputWidth: inputWidth)
        var stacks = Stacks(layers: main)
        guard known.opponent != nil || companion != nil else { return stacks }
        stacks.companion = try companionStack(of: known, within: limits)
        guard stacks.parameterCount <= limits.maximumParameters else {
            throw .parameterCount(found: stacks.parameterCount, maximum: limits.maximumParameters)
        }
        return stacks
    }

    private func companionStack(
        of known: ModelFamily, within limits: NetworkLimits
    ) throws(NetworkError) -> LayerStack {
        guard let opponent = known.opponent, let companion else {
            throw .companion(family: family, isNeeded: known.opponent != nil)
        }
        try companion.validate(largestWeight: opponent == .decoder ? 1 : 1000)
        guard companion.encoderLayers >= 1, companion.encoderLayers < layers.count else {
            throw .setting(
                place: "companion.encoderLayers", found: "\(companion.encoderLayers)",
                allowed: "at least 1 and less than the \(layers.count) layers")
        }
        // Either half must compute something.
        let encoder = try Self.stack(
            layers[..<companion.encoderLayers], on: LayerShape(channels: inputWidth), list: "layers",
            within: limits)
        _ = try Self.stack(
            layers[companion.encoderLayers...], on: encoder.outputShape, list: "layers", within: limits)
        let stack = try Self.stack(
            companion.layers, on: opponent == .decoder ? encoder.outputShape : LayerShape(channels: inputWidth),
            list: "companion", within: limits)
        let width = opponent == .decoder ? inputWidth : 1
        guard stack.outputShape.count == width else {
            throw .shape(
                place: "companion.\(companion.layers.count - 1)", found: "an output of \(stack.outputShape)",
                needed: width == 1 ? "a single logit" : "\(width) values, as many as the window")
        }
        // A discriminator's last layer reads the features by which it tells windows apart.
        let (least, most) =
            opponent == .decoder ? (1, limits.maximumLayers - companion.encoderLayers) : (2, limits.maximumLayers)
        guard companion.layers.count >= least, companion.layers.count <= most else {
            throw .setting(
                place: "companion.layers", found: "\(companion.layers.count) layers", allowed: "\(least) to \(most)")
        }
        if opponent == .discriminator {
            let window = LayerShape(channels: inputWidth)
            _ = try Self.stack(companion.layers.dropLast(), on: window, list: "companion", within: limits)
        }
        return stack
    }

    private static func stack(
        _ descriptions: some Collection<LayerDescription>, on input: LayerShape, list: String,
        within limits: NetworkLimits
    ) throws(NetworkError) -> LayerStack {
        guard (1...limits.maximumLayers).contains(descriptions.count) else {
            throw .layerCount(found: descriptions.count, maximum: limits.maximumLayers)
        }
        var stack = LayerStack(input: input)
        for (index, description) in descriptions.enumerated() {
            try description.append(to: &stack, at: LayerPlace(index: index, limits: limits, list: list))
        }
        guard stack.count > 0 else { throw .noComputation }
        return stack
    }
}
