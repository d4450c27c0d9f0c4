// SPDX-License-Identifier: Apache-2.0

extension LayerDescription: Codable {
    private enum Kind: String, Codable {
        case dense
        case activation
        case reshape
        case flatten
        case convolution
        case transposedConvolution
        case pooling
        case upsampling
        case recurrent
        case repeatVector
    }

    private enum CodingKeys: String, CodingKey {
        case kind
        case activation
        case shape
        case factors
        case steps
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decodeIfPresent(Kind.self, forKey: .kind) ?? .dense {
        case .dense: self = .dense(try DenseDescription(from: decoder))
        case .activation: self = .activation(try container.decode(Activation.self, forKey: .activation))
        case .reshape: self = .reshape(try container.decode([Int].self, forKey: .shape))
        case .flatten: self = .flatten
        case .convolution: self = .convolution(try ConvolutionDescription(from: decoder))
        case .transposedConvolution: self = .transposedConvolution(try ConvolutionDescription(from: decoder))
        case .pooling: self = .pooling(try PoolingDescription(from: decoder))
        case .upsampling: self = .upsampling(try container.decode([Int].self, forKey: .factors))
        case .recurrent: self = .recurrent(try RecurrentDescription(from: decoder))
        case .repeatVector: self = .repeatVector(try container.decode(Int.self, forKey: .steps))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        // Without its kind: that is how dense layers have always been written.
        case .dense(let dense): try dense.encode(to: encoder)
        case .activation(let activation):
            try container.encode(Kind.activation, forKey: .kind)
            try container.encode(activation, forKey: .activation)
        case .reshape(let shape):
            try container.encode(Kind.reshape, forKey: .kind)
            try container.encode(shape, forKey: .shape)
        case .flatten: try container.encode(Kind.flatten, forKey: .kind)
        case .convolution(let convolution):
            try container.encode(Kind.convolution, forKey: .kind)
            try convolution.encode(to: encoder)
        case .transposedConvolution(let convolution):
            try container.encode(Kind.transposedConvolution, forKey: .kind)
            try convolution.encode(to: encoder)
        case .pooling(let pooling):
            try container.encode(Kind.pooling, forKey: .kind)
            try pooling.encode(to: encoder)
        case .upsampling(let factors):
            try container.encode(Kind.upsampling, forKey: .kind)
            try container.encode(factors, forKey: .factors)
        case .recurrent(let recurrent):
            try container.encode(Kind.recurrent, forKey: .kind)
            try recurrent.encode(to: encoder)
        case .repeatVector(let steps):
            try container.encode(Kind.repeatVector, forKey: .kind)
            try container.encode(steps, forKey: .steps)
        }
    }
}
