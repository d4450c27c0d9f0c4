// SPDX-License-Identifier: Apache-2.0

/// Why some bytes are not a safetensors file that Linnet reads.
public enum SafetensorsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There are fewer bytes than the header's length takes.
    case tooShort(found: Int)
    /// The file is larger than is allowed here.
    case fileTooLarge(found: Int, maximum: Int)
    /// The header is larger than is allowed here.
    case headerTooLarge(found: UInt64, maximum: Int)
    /// The header does not end within the file.
    case headerTruncated(length: Int, available: Int)
    /// The header is not the JSON it must be.
    case header(offset: Int, problem: String)
    /// A name stands for two tensors, or two texts.
    case duplicateName(String)
    /// There are more tensors than are allowed here.
    case tooManyTensors(maximum: Int)
    /// A tensor has more dimensions than are allowed here.
    case rank(tensor: String, maximum: Int)
    /// A tensor's elements are of a type that is not read here.
    case type(tensor: String, found: String, allowed: String)
    /// A tensor's shape does not have the size of its bytes.
    case size(tensor: String, shape: [Int], bytes: Int, elementBytes: Int)
    /// A tensor does not start where the one before it ended.
    case offset(tensor: String, found: Int, expected: Int)
    /// The tensors do not end where the file does.
    case dataLength(found: Int, expected: Int)

    public var description: String {
        "safetensors: " + problem
    }

    private var problem: String {
        switch self {
        case .tooShort(let found):
            "\(found) bytes; the header's length alone takes 8"
        case .fileTooLarge(let found, let maximum):
            "\(found) bytes; at most \(maximum) are allowed"
        case .headerTooLarge(let found, let maximum):
            "a header of \(found) bytes; at most \(maximum) are allowed"
        case .headerTruncated(let length, let available):
            "a header of \(length) bytes, but only \(available) bytes follow; the file is truncated"
        case .header(let offset, let problem):
            "header byte \(offset): \(problem)"
        case .duplicateName(let name):
            "\"\(name)\" stands in the header twice"
        case .tooManyTensors(let maximum):
            "more than \(maximum) tensors"
        case .rank(let tensor, let maximum):
            "tensor \"\(tensor)\" has more than \(maximum) dimensions"
        case .type(let tensor, let found, let allowed):
            "tensor \"\(tensor)\" is of type \"\(found)\"; Linnet reads \(allowed) here"
        case .size(let tensor, let shape, let bytes, let elementBytes):
            "tensor \"\(tensor)\" of shape \(shape) has \(bytes) bytes; they must be \(elementBytes) for each element"
        case .offset(let tensor, let found, let expected):
            "tensor \"\(tensor)\" starts at byte \(found); without hole or overlap it would at \(expected)"
        case .dataLength(let found, let expected):
            "\(found) bytes of elements; the header speaks of \(expected)"
        }
    }
}
