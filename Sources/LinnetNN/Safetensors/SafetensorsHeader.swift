// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// The JSON header of a safetensors file.
///
/// Read by hand, not by a JSON decoder: a decoder lets a name stand twice and keeps one of the two, so that two readers
/// could see two different models in the same bytes. The grammar has a fixed depth, so nothing here recurses.
struct SafetensorsHeader {
    /// What the header says of one tensor; nothing is checked against the file yet.
    struct Entry {
        var name: String
        var type: String
        var shape: [Int]
        var begin: Int
        var end: Int
    }

    private(set) var entries: [Entry] = []
    private(set) var metadata: [String: String] = [:]

    init(parsing bytes: [UInt8], limits: SafetensorsLimits) throws(SafetensorsError) {
        var scanner = JSONScanner(bytes)
        var names: Set<String> = []
        // The format wants the brace as the very first byte.
        guard bytes.first == UInt8(ascii: "{") else { throw .header(offset: 0, problem: "must be \"{\"") }
        var object = try scanner.beginObject()
        while let name = try scanner.nextKey(&object) {
            guard names.insert(name).inserted else { throw .duplicateName(name) }
            if name == "__metadata__" {
                metadata = try Self.metadata(&scanner)
            } else {
                guard entries.count < limits.maximumTensors else {
                    throw .tooManyTensors(maximum: limits.maximumTensors)
                }
                entries.append(try Self.entry(name, &scanner, limits))
            }
        }
        try scanner.end()
    }

    /// Holds every entry against the file.
    ///
    /// - Parameters:
    ///   - dataCount: the bytes after the header.
    ///   - types: what elements may be.
    /// - Returns: the entries in the order of their bytes; each lies within the file and is as large as its shape.
    func checkedEntries(
        dataCount: Int, types: [Tensor.ElementType]
    ) throws(SafetensorsError) -> [(entry: Entry, type: Tensor.ElementType)] {
        let sorted = entries.sorted { ($0.begin, $0.end) < ($1.begin, $1.end) }
        var checked: [(entry: Entry, type: Tensor.ElementType)] = []
        var position = 0
        for entry in sorted {
            guard let type = Tensor.ElementType(rawValue: entry.type), types.contains(type) else {
                throw .type(
                    tensor: entry.name, found: String(entry.type.prefix(16)),
                    allowed: types.map(\.rawValue).joined(separator: ", "))
            }
            guard entry.begin == position else {
                throw .offset(tensor: entry.name, found: entry.begin, expected: position)
            }
            // Both are not negative, so the difference cannot overflow.
            let bytes = entry.end - entry.begin
            guard bytes >= 0, Self.byteCount(of: entry.shape, type) == bytes else {
                throw .size(tensor: entry.name, shape: entry.shape, bytes: bytes, elementBytes: type.byteCount)
            }
            checked.append((entry, type))
            position = entry.end
        }
        guard position == dataCount else { throw .dataLength(found: dataCount, expected: position) }
        return checked
    }

    /// Writes the header the way the Rust library does: `__metadata__` first, no spaces; tensors in the order given.
    static func encode(_ tensors: [Tensor], metadata: [String: String]) -> [UInt8] {
        var fields: [String] = []
        if !metadata.isEmpty {
            let texts = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
            fields.append("\"__metadata__\":{\(texts.joined(separator: ","))}")
        }
        var begin = 0
        for tensor in tensors {
            precondition(tensor.name != "__metadata__", "a tensor cannot be named __metadata__")
            precondition(
                byteCount(of: tensor.shape, tensor.elements.type) == tensor.byteCount,
                "tensor \"\(tensor.name)\" of shape \(tensor.shape) has \(tensor.elements.count) values")
            let end = begin + tensor.byteCount
            let type = tensor.elements.type.rawValue
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            fields.append(
                "\(quoted(tensor.name)):{\"dtype\":\"\(type)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(begin),\(end)]}")
            begin = end
        }
        return Array("{\(fields.joined(separator: ","))}".utf8)
    }

    /// - Returns: the bytes of all elements, or `nil` if that does not fit an `Int`.
    private static func byteCount(of shape: [Int], _ type: Tensor.ElementType) -> Int? {
        var count = type.byteCount
        // A zero anywhere makes the product zero, whatever would overflow beside it.
        if shape.contains(0) { return 0 }
        for size in shape {
            let (product, overflows) = count.multipliedReportingOverflow(by: size)
            guard !overflows, size > 0 else { return nil }
            count = product
        }
        return count
    }

    private static func metadata(_ scanner: inout JSONScanner) throws(SafetensorsError) -> [String: String] {
        var metadata: [String: String] = [:]
        var object = try scanner.beginObject()
        while let key = try scanner.nextKey(&object) {
            guard metadata.updateValue(try scanner.string(), forKey: key) == nil else { throw .duplicateName(key) }
        }
        return metadata
    }

    private static func entry(
        _ name: String, _ scanner: inout JSONScanner, _ limits: SafetensorsLimits
    ) throws(SafetensorsError) -> Entry {
        var type: String?
        var shape: [Int]?
        var offsets: [Int]?
        let start = scanner.position
        var object = try scanner.beginObject()
        while let key = try scanner.nextKey(&object) {
            switch key {
            case "dtype" where type == nil: type = try scanner.string()
            case "shape" where shape == nil:
                shape = try scanner.integers(atMost: limits.maximumRank)
                if shape == nil { throw .rank(tensor: name, maximum: limits.maximumRank) }
            case "data_offsets" where offsets == nil:
                offsets = try scanner.integers(atMost: 2)
                if offsets?.count != 2 {
                    throw .header(offset: start, problem: "tensor \"\(name)\" needs two data_offsets")
                }
            case "dtype", "shape", "data_offsets": throw .duplicateName(key)
            default: throw .header(offset: start, problem: "tensor \"\(name)\" has an unknown key \"\(key)\"")
            }
        }
        guard let type, let shape, let offsets else {
            throw .header(offset: start, problem: "tensor \"\(name)\" needs dtype, shape and data_offsets")
        }
        return Entry(name: name, type: type, shape: shape, begin: offsets[0], end: offsets[1])
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{8}": result += "\\b"
            case "\u{c}": result += "\\f"
            case "\u{0}"..."\u{1f}":
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
