// SPDX-License-Identifier: Apache-2.0

/// Why no network can be built from an architecture.
public enum NetworkError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The family is not one this version knows.
    case unknownFamily(String)
    /// There are no layers, or too many.
    case layerCount(found: Int, maximum: Int)
    /// A width is not positive, or too large.
    case width(place: String, found: Int, maximum: Int)
    /// A number of a layer is out of its range.
    case setting(place: String, found: String, allowed: String)
    /// What comes into a layer, or would come out of it, has a shape it cannot have.
    case shape(place: String, found: String, needed: String)
    /// A layer would keep too much of each row.
    case kept(place: String, found: Int, maximum: Int)
    /// A family's outputs cannot be compared with the window that came in.
    case noScore(family: String)
    /// All layers only change the shape of the values.
    case noComputation
    /// An adversarial family has no companion, or another family has one.
    case companion(family: String, isNeeded: Bool)
    /// A model's description has an option that its family does not know.
    case option(name: String, family: String, allowed: [String])
    /// The network is larger than is allowed here.
    case parameterCount(found: Int, maximum: Int)
    /// An autoencoder's output is not as wide as its input, or a forecaster's is.
    case outputWidth(found: Int, inputWidth: Int)

    public var description: String {
        switch self {
        case .unknownFamily(let family):
            "architecture: family is \"\(family)\"; known are "
                + ModelFamily.allCases.map(\.rawValue).joined(separator: ", ")
        case .layerCount(let found, let maximum):
            "architecture: \(found) layers; 1 to \(maximum) are allowed"
        case .width(let place, let found, let maximum):
            "architecture: \(place) is \(found); it must be between 1 and \(maximum)"
        case .setting(let place, let found, let allowed):
            "architecture: \(place) is \(found); it must be \(allowed)"
        case .shape(let place, let found, let needed):
            "architecture: \(place) has \(found); it needs \(needed)"
        case .kept(let place, let found, let maximum):
            "architecture: \(place) keeps \(found) values of each row; at most \(maximum) are allowed"
        case .noScore(let family):
            "architecture: a \"\(family)\" has labels as its target, so windows have no score"
        case .noComputation:
            "architecture: no layer computes anything; add a dense layer"
        case .companion(let family, let isNeeded):
            isNeeded
                ? "architecture: a \"\(family)\" needs a second network, its companion"
                : "architecture: a \"\(family)\" has no companion; leave it out"
        case .option(let name, let family, let allowed):
            "model: a \"\(family)\" has no \"\(name)\"; it has \(allowed.joined(separator: ", "))"
        case .parameterCount(let found, let maximum):
            "architecture: \(found) parameters; at most \(maximum) are allowed"
        case .outputWidth(let found, let inputWidth):
            "architecture: the last layer is \(found) wide; an autoencoder's is as wide as its input, "
                + "\(inputWidth), a forecaster's narrower"
        }
    }
}
