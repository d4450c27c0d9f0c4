// SPDX-License-Identifier: Apache-2.0

/// Why some bytes are not a model that can be run.
public enum ModelArtifactError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The bytes are not a safetensors file.
    case file(SafetensorsError)
    /// A metadata key is not there.
    case missingMetadata(String)
    /// A metadata key is there that no model has.
    case unexpectedMetadata(String)
    /// The text of a metadata key is not what it must be.
    case metadata(key: String, found: String, allowed: String)
    /// The provenance is longer than is allowed.
    case provenanceTooLarge(found: Int, maximum: Int)
    /// The architecture cannot be built.
    case architecture(NetworkError)
    /// A tensor is not there.
    case missingTensor(String)
    /// A tensor is there that the architecture does not have.
    case unexpectedTensor(String)
    /// A tensor has another shape than the architecture gives it.
    case shape(tensor: String, found: [Int], expected: [Int])
    /// A tensor's numbers are not of the type that the file's precision gives them.
    case elementType(tensor: String, found: String, precision: String)
    /// A tensor holds a NaN or an infinity.
    case notFinite(String)
    /// There are fewer or more parameters than the architecture has.
    case parameterCount(found: Int, expected: Int)
    /// The scaler has no channel, lists of two lengths, or a scale that is not positive and finite.
    case scaler
    /// The network's input is not one window wide.
    case inputWidth(found: Int, windowLength: Int, channels: Int)

    public var description: String { "model: " + problem }

    private var problem: String {
        switch self {
        case .file(let error): "\(error)"
        case .missingMetadata(let key): "metadata \"\(key)\" is missing"
        case .unexpectedMetadata(let key): "metadata \"\(key)\" is unknown; own texts go under \"provenance.\""
        case .metadata(let key, let found, let allowed):
            "metadata \"\(key)\" is \"\(found)\"; it must be \(allowed)"
        case .provenanceTooLarge(let found, let maximum):
            "provenance takes \(found) bytes; at most \(maximum) are allowed"
        case .architecture(let error): "\(error)"
        case .missingTensor(let name): "tensor \"\(name)\" is missing"
        case .unexpectedTensor(let name): "tensor \"\(name)\" does not belong to the architecture"
        case .shape(let tensor, let found, let expected):
            "tensor \"\(tensor)\" has shape \(found); the architecture gives it \(expected)"
        case .elementType(let tensor, let found, let precision):
            "tensor \"\(tensor)\" holds \(found), which is not what the precision \(precision) gives it"
        case .notFinite(let tensor): "tensor \"\(tensor)\" holds a number that is not finite"
        case .parameterCount(let found, let expected):
            "\(found) parameters; the architecture has \(expected)"
        case .scaler: "the scaler needs one finite center and one positive, finite scale for each channel"
        case .inputWidth(let found, let windowLength, let channels):
            "the input is \(found) wide, but a window is \(windowLength) samples of \(channels) channels"
        }
    }
}
