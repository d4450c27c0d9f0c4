// SPDX-License-Identifier: Apache-2.0

extension LayerDescription {
    /// Appends the layers that this description stands for to `layers`: none for a mere change of shape, two where the
    /// activation is a layer of its own.
    ///
    /// - Parameter shape: what comes in; afterwards what comes out.
    /// - Throws: the first number of the description that is out of its range, or does not fit the shape.
    func append(
        to layers: inout [any Layer], shape: inout LayerShape, at place: LayerPlace
    ) throws(NetworkError) {
        switch self {
        case .dense(let dense):
            Self.append(try DenseLayer(dense, input: shape, at: place), then: dense.activation, to: &layers, &shape)
        case .activation(let activation):
            layers.append(ActivationLayer(activation, shape: shape))
        case .reshape(let sizes):
            shape = try Self.reshape(shape, to: sizes, at: place)
        case .flatten:
            shape = LayerShape(channels: shape.count)
        case .convolution(let convolution):
            Self.append(
                try ConvolutionLayer(convolution, input: shape, at: place), then: convolution.activation, to: &layers,
                &shape)
        case .transposedConvolution(let convolution):
            Self.append(
                try TransposedConvolutionLayer(convolution, input: shape, at: place), then: convolution.activation,
                to: &layers, &shape)
        case .pooling(let pooling):
            Self.append(try PoolingLayer(pooling, input: shape, at: place), to: &layers, &shape)
        case .upsampling(let factors):
            Self.append(try UpsamplingLayer(factors, input: shape, at: place), to: &layers, &shape)
        }
    }

    private static func append(
        _ layer: any Layer, then activation: Activation = .identity, to layers: inout [any Layer],
        _ shape: inout LayerShape
    ) {
        layers.append(layer)
        shape = layer.output
        if !activation.isFusible { layers.append(ActivationLayer(activation, shape: shape)) }
    }

    private static func reshape(
        _ shape: LayerShape, to sizes: [Int], at place: LayerPlace
    ) throws(NetworkError) -> LayerShape {
        guard (1...3).contains(sizes.count) else {
            throw .setting(place: "\(place.name).shape", found: "\(sizes.count) sizes", allowed: "one to three sizes")
        }
        for size in sizes { try place.check(width: size, of: "shape") }
        let reshaped = try place.checked(
            LayerShape(
                height: sizes.count > 2 ? sizes[0] : 1, width: sizes.count > 1 ? sizes[sizes.count - 2] : 1,
                channels: sizes[sizes.count - 1]))
        guard reshaped.count == shape.count else {
            throw .shape(place: place.name, found: "\(shape)", needed: "\(reshaped.count) values for \(reshaped)")
        }
        return reshaped
    }
}
