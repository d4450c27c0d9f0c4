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
        case firstSteps
        case dropout
        case gaussianNoise
        case activityPenalty
        case layerNormalization
        case batchNormalization
        case gaussianLatent
    }

    private enum CodingKeys: String, CodingKey {
        case kind
        case activation
        case shape
        case factors
        case steps
        case rate
        case standardDeviation
        case l1
        case divergenceWeight
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
        case .firstSteps: self = .firstSteps(try container.decode(Int.self, forKey: .steps))
        case .dropout: self = .dropout(rate: try container.decode(Float.self, forKey: .rate))
        case .gaussianNoise:
            self = .gaussianNoise(standardDeviation: try container.decode(Float.self, forKey: .standardDeviation))
        case .activityPenalty: self = .activityPenalty(l1: try container.decode(Float.self, forKey: .l1))
        case .layerNormalization: self = .layerNormalization
        case .batchNormalization: self = .batchNormalization
        case .gaussianLatent:
            self = .gaussianLatent(divergenceWeight: try container.decode(Float.self, forKey: .divergenceWeight))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        func encode<Value: Encodable>(_ kind: Kind, _ value: Value, _ key: CodingKeys) throws {
            try container.encode(kind, forKey: .kind)
            try container.encode(value, forKey: key)
        }
        func encode<Fields: Encodable>(_ kind: Kind, _ fields: Fields) throws {
            try container.encode(kind, forKey: .kind)
            try fields.encode(to: encoder)
        }
        switch self {
        // Without its kind: that is how dense layers have always been written.
        case .dense(let dense): try dense.encode(to: encoder)
        case .activation(let activation): try encode(.activation, activation, .activation)
        case .reshape(let shape): try encode(.reshape, shape, .shape)
        case .flatten: try container.encode(Kind.flatten, forKey: .kind)
        case .convolution(let convolution): try encode(.convolution, convolution)
        case .transposedConvolution(let convolution): try encode(.transposedConvolution, convolution)
        case .pooling(let pooling): try encode(.pooling, pooling)
        case .upsampling(let factors): try encode(.upsampling, factors, .factors)
        case .recurrent(let recurrent): try encode(.recurrent, recurrent)
        case .repeatVector(let steps): try encode(.repeatVector, steps, .steps)
        case .firstSteps(let steps): try encode(.firstSteps, steps, .steps)
        case .dropout(let rate): try encode(.dropout, rate, .rate)
        case .gaussianNoise(let deviation): try encode(.gaussianNoise, deviation, .standardDeviation)
        case .activityPenalty(let l1): try encode(.activityPenalty, l1, .l1)
        case .layerNormalization: try container.encode(Kind.layerNormalization, forKey: .kind)
        case .batchNormalization: try container.encode(Kind.batchNormalization, forKey: .kind)
        case .gaussianLatent(let weight): try encode(.gaussianLatent, weight, .divergenceWeight)
        }
    }
}
