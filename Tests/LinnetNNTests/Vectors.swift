// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

/// The committed files in `Vectors/`, read from beside this source.
enum Vectors {
    static func bytes(_ name: String, sourcePath: String = #filePath) throws -> Data {
        let folder = try #require(sourcePath.lastIndex(of: "/"))
        return try Data(contentsOf: URL(filePath: "\(sourcePath[..<folder])/Vectors/\(name)"))
    }

    /// - Returns: the bytes of a file of hexadecimal digits.
    static func hex(_ name: String) throws -> Data {
        let digits = try bytes(name).map { Character(Unicode.Scalar($0)) }.filter { !$0.isNewline }.map { character in
            try #require(character.hexDigitValue)
        }
        try #require(digits.count % 2 == 0)
        return Data(stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) })
    }
}
