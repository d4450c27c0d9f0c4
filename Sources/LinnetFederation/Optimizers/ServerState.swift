// SPDX-License-Identifier: Apache-2.0

/// What a server rule remembers from round to round; stored in one transaction with the version it led to.
///
/// As bytes, all little-endian, for an optimizer named `fedavgm` after 3 steps over P = 2 and no clipping:
///
///     4C 4E 53 53                    "LNSS"
///     01 00                          revision 1
///     00                             1 if clipping bounds follow, 0 if not
///     07 66 65 64 61 76 67 6D        length of the optimizer's name, its bytes
///     03 00 00 00                    steps
///     02 00 00 00                    number of means m
///     00 00 00 00                    number of squares v
///     …                              zeroing and clipping bound as Double, if they follow; m as Float; v as Float
public struct ServerState: Sendable, Equatable {
    /// The optimizer's memory.
    public var optimizer: ServerOptimizerState
    /// The clipping bounds; absent where bounds are not tracked.
    public var clipping: AdaptiveClippingState?

    /// The state before the first round, unless something is given.
    public init(optimizer: ServerOptimizerState = ServerOptimizerState(), clipping: AdaptiveClippingState? = nil) {
        self.optimizer = optimizer
        self.clipping = clipping
    }

    private static let magic: [UInt8] = Array("LNSS".utf8)
    private static let revision: UInt16 = 1

    /// The state as bytes, the same ones for the same state.
    public var bytes: [UInt8] {
        var bytes = Self.magic
        bytes.reserveCapacity(64 + 4 * (optimizer.momentum.count + optimizer.secondMoment.count))
        Self.append(Self.revision, to: &bytes)
        bytes.append(clipping == nil ? 0 : 1)
        bytes.append(UInt8(optimizer.kind.utf8.count))
        bytes += optimizer.kind.utf8
        Self.append(UInt32(optimizer.steps), to: &bytes)
        Self.append(UInt32(optimizer.momentum.count), to: &bytes)
        Self.append(UInt32(optimizer.secondMoment.count), to: &bytes)
        if let clipping {
            Self.append(clipping.zeroing.bitPattern, to: &bytes)
            Self.append(clipping.clipping.bitPattern, to: &bytes)
        }
        for value in optimizer.momentum { Self.append(value.bitPattern, to: &bytes) }
        for value in optimizer.secondMoment { Self.append(value.bitPattern, to: &bytes) }
        return bytes
    }

    /// Reads a state.
    ///
    /// - Throws: ``ServerStateError``; whatever the bytes are, nothing traps, and no more is allocated than was given.
    public init(bytes: [UInt8]) throws(ServerStateError) {
        var reader = Reader(bytes: bytes)
        guard try reader.take(4).elementsEqual(Self.magic) else { throw .notAServerState }
        let revision = UInt16(truncatingIfNeeded: try reader.integer(2))
        guard revision == Self.revision else { throw .unknownRevision(revision) }
        let flag = try reader.integer(1)
        guard flag <= 1 else { throw .implausible("the flag for clipping bounds is \(flag), not 0 or 1") }
        let nameLength = Int(try reader.integer(1))
        guard let kind = String(validating: try reader.take(nameLength), as: UTF8.self) else {
            throw .implausible("the optimizer's name is not UTF-8")
        }
        let steps = Int(try reader.integer(4))
        let momentumCount = Int(try reader.integer(4))
        let squareCount = Int(try reader.integer(4))
        let expected = reader.position + (flag == 1 ? 16 : 0) + 4 * (momentumCount + squareCount)
        guard bytes.count == expected else { throw .wrongLength(found: bytes.count, expected: expected) }
        clipping = nil
        if flag == 1 {
            clipping = try AdaptiveClippingState(
                zeroing: Double(bitPattern: try reader.integer(8)), clipping: Double(bitPattern: try reader.integer(8)))
        }
        optimizer = try ServerOptimizerState(
            kind: kind, steps: steps, momentum: try reader.floats(momentumCount),
            secondMoment: try reader.floats(squareCount))
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Takes bytes from the front, and says where they end.
    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        mutating func take(_ count: Int) throws(ServerStateError) -> ArraySlice<UInt8> {
            guard count <= bytes.count - position else {
                throw .wrongLength(found: bytes.count, expected: position + count)
            }
            defer { position += count }
            return bytes[position..<position + count]
        }

        mutating func integer(_ count: Int) throws(ServerStateError) -> UInt64 {
            try take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }

        mutating func floats(_ count: Int) throws(ServerStateError) -> [Float] {
            let slice = try take(4 * count)
            return slice.withUnsafeBytes { raw in
                (0..<count).map {
                    Float(
                        bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
                }
            }
        }
    }
}

extension ServerState: Codable {
    public init(from decoder: any Decoder) throws {
        self = try ServerState(bytes: [UInt8](from: decoder))
    }

    public func encode(to encoder: any Encoder) throws { try bytes.encode(to: encoder) }
}
