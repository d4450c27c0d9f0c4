// SPDX-License-Identifier: Apache-2.0

extension LayerDescription: Codable {
    private enum Kind: String, Codable {
        case dense
        case activation
        case reshape
        case flatten
    }

    private enum CodingKeys: String, CodingKey {
        case kind
        case activation
        case shape
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decodeIfPresent(Kind.self, forKey: .kind) ?? .dense {
        case .dense: self = .dense(try DenseDescription(from: decoder))
        case .activation: self = .activation(try container.decode(Activation.self, forKey: .activation))
        case .reshape: self = .reshape(try container.decode([Int].self, forKey: .shape))
        case .flatten: self = .flatten
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
        }
    }
}
