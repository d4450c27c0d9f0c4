// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetNumerics

/// Weights that a device has of its own, in a released version's place; they never leave it.
public struct OwnWeights: Sendable, Codable, Hashable {
    public var kind: WeightKind
    /// Little-endian floats, `[P]`: a calibration is stored as JSON, where they would take three times the room.
    public private(set) var bytes: Data

    public init(_ kind: WeightKind, _ parameters: ParameterVector) {
        self.kind = kind
        var bytes = Data(capacity: 4 * parameters.count)
        for value in parameters.values {
            withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
        }
        self.bytes = bytes
    }

    /// The weights, `[P]`; `nil` unless there are `count` finite ones.
    public func parameters(count: Int) -> ParameterVector? {
        guard bytes.count == 4 * count else { return nil }
        let values = bytes.withUnsafeBytes { bytes in
            (0..<count).map { position in
                let pattern = bytes.loadUnaligned(fromByteOffset: 4 * position, as: UInt32.self)
                return Float(bitPattern: UInt32(littleEndian: pattern))
            }
        }
        let parameters = ParameterVector(values)
        return parameters.isFinite ? parameters : nil
    }
}
