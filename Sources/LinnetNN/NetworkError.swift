// SPDX-License-Identifier: Apache-2.0

/// Why no network can be built from an architecture.
public enum NetworkError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The family is not one this version knows.
    case unknownFamily(String)
    /// There are no layers, or too many.
    case layerCount(found: Int, maximum: Int)
    /// A width is not positive, or too large.
    case width(place: String, found: Int, maximum: Int)
    /// The network is larger than is allowed here.
    case parameterCount(found: Int, maximum: Int)
    /// An autoencoder's output is not as wide as its input.
    case outputWidth(found: Int, inputWidth: Int)

    public var description: String {
        switch self {
        case .unknownFamily(let family):
            "architecture: family is \"\(family)\"; only \"\(NetworkArchitecture.denseAutoencoderFamily)\" is known"
        case .layerCount(let found, let maximum):
            "architecture: \(found) layers; 1 to \(maximum) are allowed"
        case .width(let place, let found, let maximum):
            "architecture: \(place) is \(found); it must be between 1 and \(maximum)"
        case .parameterCount(let found, let maximum):
            "architecture: \(found) parameters; at most \(maximum) are allowed"
        case .outputWidth(let found, let inputWidth):
            "architecture: the last layer is \(found) wide; an autoencoder's is as wide as its input, \(inputWidth)"
        }
    }
}
