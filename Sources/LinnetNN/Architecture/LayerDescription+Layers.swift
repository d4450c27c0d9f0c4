// SPDX-License-Identifier: Apache-2.0

extension LayerDescription {
    /// Appends the layers that this description stands for: none for a mere change of shape, two where the activation is
    /// a layer of its own.
    ///
    /// - Throws: the first number of the description that is out of its range, or does not fit the shape that comes in.
    func append(to stack: inout LayerStack, at place: LayerPlace) throws(NetworkError) {
        let input = stack.outputShape
        switch self {
        case .dense(let dense):
            try stack.append(try DenseLayer(dense, input: input, at: place), then: dense.activation, at: place)
        case .activation(let activation):
            try stack.append(ActivationLayer(activation, shape: input), at: place)
        case .reshape(let sizes):
            stack.outputShape = try Self.reshape(input, to: sizes, at: place)
        case .flatten:
            stack.outputShape = LayerShape(channels: input.count)
        case .convolution(let convolution):
            try stack.append(
                try ConvolutionLayer(convolution, input: input, at: place), then: convolution.activation, at: place)
        case .transposedConvolution(let convolution):
            try stack.append(
                try TransposedConvolutionLayer(convolution, input: input, at: place), then: convolution.activation,
                at: place)
        case .pooling(let pooling):
            try stack.append(try PoolingLayer(pooling, input: input, at: place), at: place)
        case .upsampling(let factors):
            try stack.append(try UpsamplingLayer(factors, input: input, at: place), at: place)
        case .recurrent(let recurrent):
            try Self.append(recurrent, to: &stack, at: place)
        case .repeatVector(let steps):
            guard input.places == 1 else {
                throw .shape(place: place.name, found: "\(input)", needed: "a single place; flatten first")
            }
            try place.check(width: steps, of: "steps")
            try stack.append(try UpsamplingLayer([steps], input: input, at: place), at: place)
        case .firstSteps(let steps):
            try stack.append(try FirstStepsLayer(steps, input: input, at: place), at: place)
        case .dropout(let rate):
            try stack.append(try DropoutLayer(rate: rate, input: input, at: place), at: place)
        case .gaussianNoise(let deviation):
            try stack.append(
                try GaussianNoiseLayer(standardDeviation: deviation, input: input, at: place), at: place)
        case .activityPenalty(let l1):
            try stack.append(try ActivityPenaltyLayer(l1: l1, input: input, at: place), at: place)
        case .layerNormalization: try stack.append(LayerNormalizationLayer(input: input), at: place)
        case .batchNormalization: try stack.append(BatchNormalizationLayer(input: input), at: place)
        case .gaussianLatent(let weight):
            try stack.append(
                try GaussianLatentLayer(divergenceWeight: weight, input: input, at: place), at: place)
        }
    }

    private static func append(
        _ description: RecurrentDescription, to stack: inout LayerStack, at place: LayerPlace
    ) throws(NetworkError) {
        let repeats = stack.removeRepetition()
        let input = stack.outputShape
        switch description.cell {
        case .simple:
            try stack.append(
                try SimpleRecurrentLayer(description, input: input, repeats: repeats, at: place), at: place)
        case .lstm:
            try stack.append(try LSTMLayer(description, input: input, repeats: repeats, at: place), at: place)
        case .gru:
            try stack.append(try GRULayer(description, input: input, repeats: repeats, at: place), at: place)
        }
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
