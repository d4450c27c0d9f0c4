// SPDX-License-Identifier: Apache-2.0

/// A named block of numbers of one type, as files and messages hold it.
public struct Tensor: Sendable, Equatable {
    /// The types that numbers can have, in the order in which a file holds them; the names are those of safetensors.
    public enum ElementType: String, Sendable, Hashable, CaseIterable, Comparable {
        case float32 = "F32"
        case int32 = "I32"
        case float16 = "F16"
        case int8 = "I8"

        private var rank: Int {
            switch self {
            case .float32: 0
            case .int32: 1
            case .float16: 2
            case .int8: 3
            }
        }

        public static func < (left: ElementType, right: ElementType) -> Bool { left.rank < right.rank }

        /// Bytes of one number.
        public var byteCount: Int {
            switch self {
            case .float32, .int32: 4
            case .float16: 2
            case .int8: 1
            }
        }
    }

    /// The numbers, row after row.
    public enum Elements: Sendable, Equatable {
        case float32([Float])
        case float16([Float16])
        case int32([Int32])
        case int8([Int8])

        public var type: ElementType {
            switch self {
            case .float32: .float32
            case .float16: .float16
            case .int32: .int32
            case .int8: .int8
            }
        }

        public var count: Int {
            switch self {
            case .float32(let values): values.count
            case .float16(let values): values.count
            case .int32(let values): values.count
            case .int8(let values): values.count
            }
        }
    }

    public var name: String
    /// The sizes from the slowest dimension to the fastest; empty for a single number.
    public var shape: [Int]
    /// As many as the product of `shape`.
    public var elements: Elements

    public init(name: String, shape: [Int], elements: Elements) {
        self.name = name
        self.shape = shape
        self.elements = elements
    }

    /// A tensor of 32-bit floats.
    public init(name: String, shape: [Int], values: [Float]) {
        self.init(name: name, shape: shape, elements: .float32(values))
    }

    /// A list of numbers, `[count]`.
    public init(name: String, list elements: Elements) {
        self.init(name: name, shape: [elements.count], elements: elements)
    }

    /// The numbers where they are 32-bit floats; `nil` where they are of another type.
    public var values: [Float]? {
        guard case .float32(let values) = elements else { return nil }
        return values
    }

    /// Bytes of all numbers together.
    public var byteCount: Int { elements.count * elements.type.byteCount }
}
