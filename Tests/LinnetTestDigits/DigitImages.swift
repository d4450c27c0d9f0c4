// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetNumerics

/// Handwritten digits with their labels, from the IDX files of MNIST.
public struct DigitImages: Sendable {
    /// One image a row, `[images, 784]`, grey values brought to mean 0 and deviation 1 as is usual for MNIST.
    public var images: Matrix
    /// 0 to 9.
    public var labels: [Int]

    public static let side = 28

    /// Why the files cannot be read.
    public struct Unreadable: Error, CustomStringConvertible {
        public var description: String
    }

    /// - Parameter folder: with `images-idx3-ubyte` and `labels-idx1-ubyte`.
    /// - Throws: `Unreadable` if a file is not there, not of its format or cut off.
    public init(folder: String) throws {
        let pixels = try Self.bytes("\(folder)/images-idx3-ubyte", magic: 0x803, itemSizes: [Self.side, Self.side])
        let digits = try Self.bytes("\(folder)/labels-idx1-ubyte", magic: 0x801, itemSizes: [])
        let width = Self.side * Self.side
        guard pixels.count == digits.count * width, digits.allSatisfy({ $0 <= 9 }) else {
            throw Unreadable(description: "\(folder): \(pixels.count / width) images, \(digits.count) labels of 0 to 9")
        }
        let values = pixels.map { (Float($0) / 255 - 0.1307) / 0.3081 }
        images = Matrix(rows: digits.count, columns: width, values: values)
        labels = digits.map(Int.init)
    }

    /// The rows that `isWanted` takes by place and label.
    public func rows(where isWanted: (_ place: Int, _ label: Int) -> Bool) -> DigitImages {
        var result = self
        result.images = Matrix(rows: 0, columns: images.columns)
        result.labels = []
        for (place, label) in labels.enumerated() where isWanted(place, label) {
            result.images.appendRow(images.row(place))
            result.labels.append(label)
        }
        return result
    }

    /// - Returns: what comes after the header: a big-endian magic number, the number of items, and an item's sizes.
    private static func bytes(_ path: String, magic: Int, itemSizes: [Int]) throws -> [UInt8] {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else {
            throw Unreadable(description: "\(path): can not be read")
        }
        let bytes = [UInt8](data)
        let headerCount = 4 * (2 + itemSizes.count)
        guard bytes.count >= headerCount else { throw Unreadable(description: "\(path): cut off in its header") }
        let header = stride(from: 0, to: headerCount, by: 4).map { start in
            bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
        }
        guard header[0] == magic, Array(header[2...]) == itemSizes,
            bytes.count - headerCount == itemSizes.reduce(header[1], *)
        else {
            throw Unreadable(description: "\(path): its header says \(header), \(bytes.count) bytes are there")
        }
        return Array(bytes[headerCount...])
    }
}
