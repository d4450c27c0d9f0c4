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
            layers.append(try DenseLayer(dense, input: shape, at: place))
            shape.channels = dense.width
            Self.append(dense.activation, to: &layers, shape: shape)
        case .activation(let activation):
            layers.append(ActivationLayer(activation, shape: shape))
        case .reshape(let sizes):
            shape = try Self.reshape(shape, to: sizes, at: place)
        case .flatten:
            shape = LayerShape(channels: shape.count)
        }
    }

    private static func append(_ activation: Activation, to layers: inout [any Layer], shape: LayerShape) {
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
