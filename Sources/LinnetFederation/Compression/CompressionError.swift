// SPDX-License-Identifier: Apache-2.0

/// Why a compressed update is none, or can not be made.
public enum CompressionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A number is NaN or infinite, or the way from the base to the trained weights is.
    case notFinite
    /// The base, the trained weights, the residual or what was sent do not belong to each other.
    case wrongCount(what: String, found: Int, expected: Int)
    /// The texts beside the numbers do not name an encoding.
    case unknownEncoding(String)
    /// A tensor is missing, or is of another type or shape than the encoding gives it.
    case tensor(String, reason: String)

    public var description: String {
        switch self {
        case .notFinite: "it holds a number that is NaN or infinite"
        case .wrongCount(let what, let found, let expected): "\(found) \(what); the base has \(expected)"
        case .unknownEncoding(let found): "its encoding is \"\(found)\"; known are full, delta16, delta8 and top-k:0.1"
        case .tensor(let name, let reason): "tensor \"\(name)\" \(reason)"
        }
    }
}
