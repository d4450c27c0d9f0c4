// SPDX-License-Identifier: Apache-2.0
//
// The format (huggingface/safetensors, README "Format"), which Linnet reads and writes for F32 only:
//
//     8 bytes   N, the header's length, unsigned, little-endian
//     N bytes   JSON: {"__metadata__": {"key": "text"}, "name": {"dtype": "F32", "shape": [2, 3],
//               "data_offsets": [0, 24]}}, padded with spaces; offsets count from the end of the header
//     the rest  the tensors' elements, row after row, little-endian; they cover it without hole or overlap
//
// A file with metadata {"a": "b"} and one tensor "x" = [1, 2] begins
//
//     50 00 00 00 00 00 00 00  7b 22 5f 5f 6d 65 74 61 ...       P.......{"__meta...
//
// and a test decodes it to the last byte.

import FoundationEssentials

/// Named tensors of Floats, and texts about them, as one file: the bytes of a model on the wire and on disk.
///
///     let file = try SafetensorsFile(parsing: bytes)
///     let weight = file.tensor(named: "layers.0.weight")
///
/// Numbers are not judged here: safetensors allows NaN. `ModelArtifact` refuses it.
public struct SafetensorsFile: Sendable, Equatable {
    /// One tensor of Floats.
    public struct Tensor: Sendable, Equatable {
        public var name: String
        /// The sizes from the slowest dimension to the fastest; empty for a single number.
        public var shape: [Int]
        /// The elements, row after row; as many as the product of `shape`.
        public var values: [Float]

        public init(name: String, shape: [Int], values: [Float]) {
            self.name = name
            self.shape = shape
            self.values = values
        }
    }

    /// The tensors, in the order of their bytes when parsed.
    public var tensors: [Tensor]
    /// What `__metadata__` holds.
    public var metadata: [String: String]

    public init(tensors: [Tensor], metadata: [String: String] = [:]) {
        self.tensors = tensors
        self.metadata = metadata
    }

    /// Reads a whole file.
    ///
    /// - Throws: the first thing that is wrong: truncation, a limit, broken JSON, a name twice, another type than F32,
    ///   a shape that is not the size of its bytes, holes and overlaps.
    public init(parsing bytes: Data, limits: SafetensorsLimits = .default) throws(SafetensorsError) {
        guard bytes.count <= limits.maximumFileBytes else {
            throw .fileTooLarge(found: bytes.count, maximum: limits.maximumFileBytes)
        }
        let headerEnd = try Self.headerEnd(of: bytes, limits)
        let headerBytes = [UInt8](bytes.dropFirst(8).prefix(headerEnd - 8))
        let header = try SafetensorsHeader(parsing: headerBytes, limits: limits)
        let entries = try header.checkedEntries(dataCount: bytes.count - headerEnd)
        tensors = bytes.withUnsafeBytes { bytes in
            entries.map { entry in
                let first = headerEnd + entry.begin
                let values = (0..<(entry.end - entry.begin) / 4).map { i in
                    let bits = bytes.loadUnaligned(fromByteOffset: first + 4 * i, as: UInt32.self)
                    return Float(bitPattern: UInt32(littleEndian: bits))
                }
                return Tensor(name: entry.name, shape: entry.shape, values: values)
            }
        }
        metadata = header.metadata
    }

    /// - Returns: the tensor of that name, if there is one.
    public func tensor(named name: String) -> Tensor? { tensors.first { $0.name == name } }

    /// Writes the file: equal tensors and metadata give equal bytes, whatever order they are in.
    ///
    /// Tensors lie in the order of their names' UTF-8 bytes. Names must be unique and not `__metadata__`, and a shape's
    /// product the number of its values; anything else is a programmer's error and traps.
    public func encoded() -> Data {
        let sorted = tensors.sorted { Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8)) }
        for (first, second) in zip(sorted, sorted.dropFirst()) {
            precondition(first.name != second.name, "tensor \"\(first.name)\" is there twice")
        }
        var header = SafetensorsHeader.encode(sorted, metadata: metadata)
        // Padding keeps the elements aligned for whoever maps the file.
        header += [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
        var bytes = Data()
        bytes.reserveCapacity(8 + header.count + 4 * sorted.reduce(0) { $0 + $1.values.count })
        withUnsafeBytes(of: UInt64(header.count).littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: header)
        for tensor in sorted {
            let words = tensor.values.map(\.bitPattern.littleEndian)
            words.withUnsafeBytes { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    /// - Returns: where the header ends, counted from the start of the file; within the file.
    private static func headerEnd(of bytes: Data, _ limits: SafetensorsLimits) throws(SafetensorsError) -> Int {
        guard bytes.count >= 8 else { throw .tooShort(found: bytes.count) }
        let raw = bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
        guard let count = Int(exactly: UInt64(littleEndian: raw)), count <= limits.maximumHeaderBytes else {
            throw .headerTooLarge(found: UInt64(littleEndian: raw), maximum: limits.maximumHeaderBytes)
        }
        guard count <= bytes.count - 8 else { throw .headerTruncated(length: count, available: bytes.count - 8) }
        return 8 + count
    }
}
