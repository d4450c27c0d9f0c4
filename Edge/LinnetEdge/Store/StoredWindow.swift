// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain

/// A normal window of one device as the store keeps it.
public struct StoredWindow: Sendable, Equatable {
    public var device: DeviceID
    public var start: Timestamp
    public var end: Timestamp
    /// Sample after sample in the channels' own units, `[length, channels]`.
    public var values: [Float]

    public init(device: DeviceID, start: Timestamp, end: Timestamp, values: [Float]) {
        self.device = device
        self.start = start
        self.end = end
        self.values = values
    }

    /// The values as ``bytes(of:)`` writes them.
    var samples: Data { Self.bytes(of: values) }

    /// Numbers as Float32, little endian, one after another.
    static func bytes(of values: [Float]) -> Data {
        var bytes = Data(capacity: values.count * 4)
        for value in values {
            withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    /// Reads values back; `nil` unless there are exactly `count` of them, each finite.
    static func values(from samples: Data, count: Int) -> [Float]? {
        guard samples.count == count * 4 else { return nil }
        let values = samples.withUnsafeBytes { bytes in
            (0..<count).map { index in
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)))
            }
        }
        return values.allSatisfy(\.isFinite) ? values : nil
    }
}
