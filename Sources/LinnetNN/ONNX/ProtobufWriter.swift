// SPDX-License-Identifier: Apache-2.0

/// Writes one message in the wire format of Protocol Buffers: fields one after another, each a tag and a value.
///
/// Linnet only ever writes eight small messages, of ONNX, and never reads one; a general library would come with its
/// reader, with generated code for all of ONNX and with the whole of Foundation into every agent, which this module is
/// a part of. https://protobuf.dev/programming-guides/encoding/ describes what this writes:
///
///     tag     number << 3 | kind, as a varint; kind 0 is a varint, 2 bytes behind their count, 5 four bytes
///     varint  seven bits a byte, lowest first, the top bit set in all but the last
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    private enum Kind: UInt64 {
        case varint = 0
        case counted = 2
        case fourBytes = 5
    }

    /// A whole number; negative ones take ten bytes, as two's complement in 64 bits.
    mutating func write(_ value: Int, field: Int) {
        writeTag(field, .varint)
        writeVarint(UInt64(bitPattern: Int64(value)))
    }

    mutating func write(_ value: Float, field: Int) {
        writeTag(field, .fourBytes)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func write(_ text: String, field: Int) { write(Array(text.utf8), field: field) }

    mutating func write(_ message: ProtobufWriter, field: Int) { write(message.bytes, field: field) }

    mutating func write(_ value: [UInt8], field: Int) {
        writeTag(field, .counted)
        writeVarint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    private mutating func writeTag(_ field: Int, _ kind: Kind) {
        writeVarint(UInt64(field) << 3 | kind.rawValue)
    }

    private mutating func writeVarint(_ value: UInt64) {
        var rest = value
        while rest > 0x7f {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
