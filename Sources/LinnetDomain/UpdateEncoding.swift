// SPDX-License-Identifier: Apache-2.0

/// How the weights of an update are written down on their way from a participant to the coordinator.
///
/// As text, in offers and in configuration: `full`, `delta16`, `delta8`, `top-k:0.1`.
public enum UpdateEncoding: Sendable, Hashable, CustomStringConvertible {
    /// All weights as 32-bit floats: 4 bytes a parameter.
    case full
    /// The way from the base as 16-bit floats: 2 bytes a parameter.
    case delta16
    /// The way from the base in 255 steps a tensor, rounded at random without bias: 1 byte a parameter.
    case delta8
    /// The largest steps of the way from the base alone; the rest is kept and sent later: 6 bytes a parameter sent.
    ///
    /// The share of all parameters that is sent, above 0, at most 1.
    case topK(share: Double)

    private static let topKPrefix = "top-k:"

    /// Reads what ``description`` writes; `nil` for anything else, and for a share that is out of range.
    public init?(_ text: String) {
        switch text {
        case "full": self = .full
        case "delta16": self = .delta16
        case "delta8": self = .delta8
        default:
            guard text.hasPrefix(Self.topKPrefix), let share = Double(text.dropFirst(Self.topKPrefix.count)) else {
                return nil
            }
            self = .topK(share: share)
            guard isValid else { return nil }
        }
    }

    public var description: String {
        switch self {
        case .full: "full"
        case .delta16: "delta16"
        case .delta8: "delta8"
        case .topK(let share): "\(Self.topKPrefix)\(share)"
        }
    }

    /// Whether the share, if there is one, is above 0 and at most 1.
    public var isValid: Bool {
        guard case .topK(let share) = self else { return true }
        return share > 0 && share <= 1
    }
}

extension UpdateEncoding: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let encoding = UpdateEncoding(text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "an update's encoding is full, delta16, delta8 or top-k:0.1, found "
                    + "\(text.utf8.count) characters of something else")
        }
        self = encoding
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
