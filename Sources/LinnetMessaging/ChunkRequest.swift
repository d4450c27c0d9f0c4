// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain

/// Asks for chunks of a model that have not arrived.
public struct ChunkRequest: Codable, Sendable, Equatable, WireChecked {
    public var digest: Digest
    /// One bit a chunk, set where it is missing: bit `i` is bit `i % 8`, from the lowest, of byte `i / 8`, in hexadecimal.
    public var missing: String

    /// Asks for the chunks with these indices.
    public init(digest: Digest, missing indices: [Int], of count: Int) {
        self.digest = digest
        var bytes = [UInt8](repeating: 0, count: (count + 7) / 8)
        for index in indices where (0..<count).contains(index) { bytes[index / 8] |= 1 << UInt8(index % 8) }
        missing = bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    /// The indices asked for, in order.
    public var indices: [Int] {
        let bytes = [UInt8](Data(hexadecimal: missing) ?? Data())
        return bytes.indices.flatMap { byte in
            (0..<8).filter { bytes[byte] >> UInt8($0) & 1 == 1 }.map { byte * 8 + $0 }
        }
    }

    public func check() throws(WireError) {
        guard missing.utf8.count <= 16_384, Data(hexadecimal: missing) != nil else {
            throw .notAllowed(
                field: "missing", found: "\(missing.utf8.count) characters",
                allowed: "at most 16384 hexadecimal digits, two a byte")
        }
    }
}
