// SPDX-License-Identifier: Apache-2.0
//
// The format (huggingface/safetensors, README "Format"), which Linnet reads and writes for F32, F16, I32 and I8:
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
import LinnetNumerics

/// Named tensors, and texts about them, as one file: the bytes of a model on the wire and on disk.
///
///     let file = try SafetensorsFile(parsing: bytes)
///     let weight = file.tensor(named: "layers.0.weight")
///
/// Numbers are not judged here: safetensors allows NaN. `ModelArtifact` refuses it.
public struct SafetensorsFile: Sendable, Equatable {
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
    /// - Parameter types: what elements may be; models have 32-bit floats only.
    /// - Throws: the first thing that is wrong: truncation, a limit, broken JSON, a name twice, a type that is not among
    ///   `types`, a shape that is not the size of its bytes, holes and overlaps.
    public init(
        parsing bytes: Data, types: [Tensor.ElementType] = [.float32], limits: SafetensorsLimits = .default
    ) throws(SafetensorsError) {
        guard bytes.count <= limits.maximumFileBytes else {
            throw .fileTooLarge(found: bytes.count, maximum: limits.maximumFileBytes)
        }
        let headerEnd = try Self.headerEnd(of: bytes, limits)
        let headerBytes = [UInt8](bytes.dropFirst(8).prefix(headerEnd - 8))
        let header = try SafetensorsHeader(parsing: headerBytes, limits: limits)
        let entries = try header.checkedEntries(dataCount: bytes.count - headerEnd, types: types)
        tensors = bytes.withUnsafeBytes { bytes in
            entries.map { entry, type in
                let place = headerEnd + entry.begin..<headerEnd + entry.end
                let elements: Tensor.Elements =
                    switch type {
                    case .float32:
                        .float32(Self.words(bytes, place).map { Float(bitPattern: UInt32(littleEndian: $0)) })
                    case .float16:
                        .float16(Self.words(bytes, place).map { Float16(bitPattern: UInt16(littleEndian: $0)) })
                    case .int32: .int32(Self.words(bytes, place).map { Int32(littleEndian: $0) })
                    case .int8: .int8(Self.words(bytes, place))
                    }
                return Tensor(name: entry.name, shape: entry.shape, elements: elements)
            }
        }
        metadata = header.metadata
    }

    /// - Returns: the tensor of that name, if there is one.
    public func tensor(named name: String) -> Tensor? { tensors.first { $0.name == name } }

    /// Writes the file: equal tensors and metadata give equal bytes, whatever order they are in.
    ///
    /// Tensors lie in the order of their types, wide ones first so that all are aligned, and then of their names' UTF-8
    /// bytes. Names must be unique and not `__metadata__`, and a shape's product the number of its values; anything else
    /// is a programmer's error and traps.
    public func encoded() -> Data {
        let sorted = tensors.sorted { left, right in
            let (first, second) = (left.elements.type, right.elements.type)
            return first == second
                ? Array(left.name.utf8).lexicographicallyPrecedes(Array(right.name.utf8)) : first < second
        }
        precondition(Set(sorted.map(\.name)).count == sorted.count, "a tensor is there twice")
        var header = SafetensorsHeader.encode(sorted, metadata: metadata)
        // Padding keeps the elements aligned for whoever maps the file.
        header += [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
        var bytes = Data()
        bytes.reserveCapacity(8 + header.count + sorted.reduce(0) { $0 + $1.byteCount })
        withUnsafeBytes(of: UInt64(header.count).littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: header)
        for tensor in sorted {
            switch tensor.elements {
            case .float32(let values): Self.append(values.map { $0.bitPattern.littleEndian }, to: &bytes)
            case .float16(let values): Self.append(values.map { $0.bitPattern.littleEndian }, to: &bytes)
            case .int32(let values): Self.append(values.map { $0.littleEndian }, to: &bytes)
            case .int8(let values): Self.append(values, to: &bytes)
            }
        }
        return bytes
    }

    private static func append<Word: FixedWidthInteger>(_ words: [Word], to bytes: inout Data) {
        words.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }

    /// - Parameter place: within the file, as long as a number of words.
    private static func words<Word: FixedWidthInteger>(_ bytes: UnsafeRawBufferPointer, _ place: Range<Int>) -> [Word] {
        stride(from: place.lowerBound, to: place.upperBound, by: MemoryLayout<Word>.size).map {
            bytes.loadUnaligned(fromByteOffset: $0, as: Word.self)
        }
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
