// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetNN
import LinnetNumerics
import Testing

@Suite("Safetensors")
struct SafetensorsTests {
    static let example = SafetensorsFile(
        tensors: [
            .init(name: "b", shape: [2, 2], values: [1, -2, .infinity, 0.1]),
            .init(name: "a", shape: [], values: [.greatestFiniteMagnitude]),
            .init(name: "empty", shape: [3, 0], values: []),
        ], metadata: ["unit": "°C", "quote": "say \"hi\"\n\u{1}"])

    /// - Returns: a file with `header` and `data`, whatever they are.
    static func file(_ header: String, data: [UInt8] = []) -> Data {
        var bytes = Data()
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { bytes.append(contentsOf: $0) }
        return bytes + Data(header.utf8) + Data(data)
    }

    @Test("the example of the format's description is written and read to the last byte")
    func worked() throws {
        let header = #"{"__metadata__":{"a":"b"},"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} "#
        let bytes = Data([0x50, 0, 0, 0, 0, 0, 0, 0]) + Data(header.utf8) + Data([0, 0, 0x80, 0x3f, 0, 0, 0, 0x40])
        let file = SafetensorsFile(tensors: [.init(name: "x", shape: [2], values: [1, 2])], metadata: ["a": "b"])
        #expect(file.encoded() == bytes)
        #expect(try SafetensorsFile(parsing: bytes) == file)
    }

    @Test("a file written by the safetensors package is read, and written again byte for byte")
    func package() throws {
        let bytes = try Vectors.hex("package.safetensors.hex")
        let file = try SafetensorsFile(parsing: bytes)
        #expect(file.metadata == ["note": "quote \" backslash \\ umlaut ü tab \t"])
        #expect(file.tensor(named: "weight")?.shape == [2, 3])
        #expect(file.tensor(named: "weight")?.values == [1.5, -2, 3.25, 0, 1e-30, -65504])
        #expect(file.tensor(named: "bias")?.values == [0.5])
        #expect(file.tensor(named: "scalar")?.shape == [])
        #expect(file.tensor(named: "scalar")?.values == [7])
        #expect(file.tensor(named: "none")?.shape == [0, 4])
        #expect(file.encoded() == bytes)
    }

    private static let typed = SafetensorsFile(
        tensors: [
            .init(name: "delta", list: .int8([-127, 0, 1, 126, -128])),
            .init(name: "half", shape: [2, 2], elements: .float16([1.5, -65504, 6e-8, 0])),
            .init(name: "indices", list: .int32([0, 7, .max])),
            .init(name: "scales", list: .float32([0.25, -1e30])),
        ])

    @Test("short floats and whole numbers are read from the package's file, and written again byte for byte")
    func types() throws {
        let bytes = try Vectors.hex("types.safetensors.hex")
        let file = try SafetensorsFile(parsing: bytes, types: Tensor.ElementType.allCases)

        for tensor in Self.typed.tensors { #expect(file.tensor(named: tensor.name) == tensor) }
        #expect(file.tensors.map(\.byteCount) == [8, 12, 8, 5])
        #expect(file.encoded() == bytes)
        #expect(Self.typed.encoded() == bytes)
    }

    @Test("a type that was not asked for is refused, and no damage to a file of every type is a trap")
    func typesRefused() throws {
        var generator = SeededGenerator(seed: 2)
        let bytes = Self.typed.encoded()
        let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(parsing: bytes) }
        #expect(try #require(error).description.hasSuffix("is of type \"I32\"; Linnet reads F32 here"))
        #expect(throws: SafetensorsError.self) {
            try SafetensorsFile(parsing: bytes, types: [.float32, .int32, .int8])
        }

        for count in 0..<bytes.count {
            #expect(throws: SafetensorsError.self) {
                try SafetensorsFile(parsing: bytes.prefix(count), types: Tensor.ElementType.allCases)
            }
        }
        for _ in 0..<5000 {
            var changed = bytes
            for _ in 0...generator.next() % 4 {
                changed[Int(generator.next() % UInt64(changed.count))] = UInt8(truncatingIfNeeded: generator.next())
            }
            _ = try? SafetensorsFile(parsing: changed, types: Tensor.ElementType.allCases)
        }
    }

    @Test("a file comes back as it was, and the order of tensors and texts does not matter")
    func roundTrip() throws {
        let bytes = Self.example.encoded()
        let back = try SafetensorsFile(parsing: bytes)
        #expect(back.metadata == Self.example.metadata)
        #expect(back.tensors.map(\.name) == ["a", "b", "empty"])
        for tensor in Self.example.tensors { #expect(back.tensor(named: tensor.name) == tensor) }
        let reordered = SafetensorsFile(tensors: Self.example.tensors.reversed(), metadata: Self.example.metadata)
        #expect(reordered.encoded() == bytes)
        #expect(try SafetensorsFile(parsing: SafetensorsFile(tensors: []).encoded()).tensors.isEmpty)
    }

    @Test("bytes are read from the middle of a larger buffer too")
    func slice() throws {
        let bytes = Data([1, 2, 3]) + Self.example.encoded()
        #expect(try SafetensorsFile(parsing: bytes[3...]).tensors.count == 3)
    }

    @Test("a file cut off at any byte is refused")
    func truncated() {
        let bytes = Self.example.encoded()
        for count in 0..<bytes.count {
            #expect(throws: SafetensorsError.self) { try SafetensorsFile(parsing: bytes.prefix(count)) }
        }
        #expect(throws: SafetensorsError.self) { try SafetensorsFile(parsing: bytes + Data([0])) }
    }

    @Test("no change of a header byte is a trap: it is refused, or reads as a file that differs")
    func flippedHeader() {
        let bytes = Self.example.encoded()
        let original = try? SafetensorsFile(parsing: bytes)
        let headerEnd = bytes.count - 20
        var survivors = 0
        for place in 0..<headerEnd {
            for value in UInt8.min...UInt8.max where value != bytes[place] {
                var changed = bytes
                changed[place] = value
                guard let file = try? SafetensorsFile(parsing: changed) else { continue }
                // White space between tokens may change into other white space; all else must show.
                let isSpace = bytes[place] == UInt8(ascii: " ")
                #expect(isSpace || file != original, "byte \(place) -> \(value)")
                survivors += 1
            }
        }
        #expect(survivors > 0)
    }

    @Test("random bytes, and random changes of a file, never trap")
    func random() {
        var generator = SeededGenerator(seed: 1)
        let bytes = Self.example.encoded()
        var refused = 0
        for _ in 0..<5000 {
            let noise = Data((0..<Int(generator.next() % 200)).map { _ in UInt8(truncatingIfNeeded: generator.next()) })
            if (try? SafetensorsFile(parsing: noise)) == nil { refused += 1 }
            var changed = bytes
            for _ in 0...generator.next() % 4 {
                changed[Int(generator.next() % UInt64(changed.count))] = UInt8(truncatingIfNeeded: generator.next())
            }
            _ = try? SafetensorsFile(parsing: changed)
        }
        #expect(refused == 5000)
    }

    private static let x = #""dtype":"F32","shape":[1],"data_offsets":[0,4]"#

    @Test(
        "what breaks the format is refused with its place and what is allowed",
        arguments: [
            ("", 0, "header byte 0: must be \"{\""),
            (" {}", 0, "header byte 0: must be \"{\""),
            ("[]", 0, "must be \"{\""),
            ("{}}", 0, "header byte 2: something follows the object"),
            ("{,}", 0, "header byte 1"),
            (#"{"x":{\#(x)},}"#, 4, "\"\"\" must stand here"),
            (#"{"x":{\#(x)}"#, 4, "\",\" must stand here"),
            (#"{"x":{\#(x)},"x":{\#(x)}}"#, 4, "\"x\" stands in the header twice"),
            (#"{"x":{\#(x)},"\u0078":{\#(x)}}"#, 4, "\"x\" stands in the header twice"),
            (#"{"__metadata__":{"k":"1","k":"2"}}"#, 0, "\"k\" stands in the header twice"),
            (#"{"__metadata__":{},"__metadata__":{}}"#, 0, "\"__metadata__\" stands in the header twice"),
            (#"{"__metadata__":{"k":1}}"#, 0, "must stand here"),
            (#"{"__metadata__":{"k":{"deep":{}}}}"#, 0, "must stand here"),
            (#"{"x":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4, "\"dtype\" stands"),
            (#"{"x":{"dtype":"F32","shape":[1]}}"#, 4, "needs dtype, shape and data_offsets"),
            (#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, 4, "two data_offsets"),
            (#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#, 4, "two data_offsets"),
            (#"{"x":{\#(x),"more":"y"}}"#, 4, "unknown key \"more\""),
            (#"{"x":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}"#, 4, "is of type \"F16\"; Linnet reads F32"),
            (#"{"x":{"dtype":"F64","shape":[2],"data_offsets":[0,4]}}"#, 4, "is of type \"F64\"; Linnet reads F32"),
            (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, "of shape [2] has 4 bytes"),
            (#"{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4, "whole number from 0 up"),
            (#"{"x":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}"#, 4, "\"]\" must stand here"),
            (#"{"x":{"dtype":"F32","shape":[01],"data_offsets":[0,4]}}"#, 4, "whole number from 0 up"),
            (#"{"x":{"dtype":"F32","shape":[1e9],"data_offsets":[0,4]}}"#, 4, "\"]\" must stand here"),
            (#"{"x":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}"#, 4, "too large"),
            (
                #"{"x":{"dtype":"F32","shape":[4611686018427387904,2],"data_offsets":[0,0]}}"#, 0,
                "shape [4611686018427387904, 2] has 0 bytes"
            ),
            (#"{"x":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}"#, 4, "more than 8 dimensions"),
            (#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, "starts at byte 4"),
            (#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "starts at byte 4; without hole"),
            (#"{"x":{\#(x)},"y":{\#(x)}}"#, 4, "starts at byte 0; without hole or overlap it would at 4"),
            (#"{"x":{\#(x)}}"#, 8, "8 bytes of elements; the header speaks of 4"),
            (#"{"x":{\#(x)}}"#, 0, "0 bytes of elements; the header speaks of 4"),
            ("{\"x\n\":{}}", 0, "control character"),
            (#"{"\q":{}}"#, 0, "unknown escape"),
            (#"{"\ud800":{}}"#, 0, "\\u must be followed"),
            (#"{"\ud800\u0041":{}}"#, 0, "\\u must be followed"),
            (#"{"\u12"#, 0, "\\u must be followed"),
            (#"{"open"#, 0, "the text does not end"),
        ])
    func broken(_ header: String, _ dataCount: Int, _ message: String) throws {
        let bytes = Self.file(header, data: [UInt8](repeating: 0, count: dataCount))
        let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(parsing: bytes) }
        let text = try #require(error).description
        #expect(text.contains(message))
    }

    @Test("escapes, white space and surrogate pairs are read")
    func grammar() throws {
        let header = "{ \"__metadata__\" : { \"\\u00fc\\ud83d\\ude00\" : \"\\b\\f\\n\\r\\t\\/\\\\\\\"\" } }\n\t\r "
        let file = try SafetensorsFile(parsing: Self.file(header))
        #expect(file.metadata == ["ü😀": "\u{8}\u{c}\n\r\t/\\\""])
    }

    @Test("text that is not UTF-8 is refused")
    func notUnicode() {
        let header = Data("{\"".utf8) + Data([0xc3, 0x28]) + Data("\":{}}".utf8)
        let bytes = Data([UInt8(header.count), 0, 0, 0, 0, 0, 0, 0]) + header
        #expect(throws: SafetensorsError.header(offset: 2, problem: "the text is not UTF-8")) {
            try SafetensorsFile(parsing: bytes)
        }
    }

    @Test("every limit holds")
    func limits() {
        let many =
            "{"
            + (0..<5).map { "\"\($0)\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}" }
            .joined(separator: ",") + "}"
        let bytes = Self.file(many)
        #expect(throws: SafetensorsError.tooManyTensors(maximum: 4)) {
            try SafetensorsFile(parsing: bytes, limits: .init(maximumTensors: 4))
        }
        #expect(throws: SafetensorsError.headerTooLarge(found: UInt64(many.utf8.count), maximum: 100)) {
            try SafetensorsFile(parsing: bytes, limits: .init(maximumHeaderBytes: 100))
        }
        #expect(throws: SafetensorsError.fileTooLarge(found: bytes.count, maximum: 100)) {
            try SafetensorsFile(parsing: bytes, limits: .init(maximumFileBytes: 100))
        }
        let huge = Data([UInt8](repeating: 0xff, count: 8)) + Data("{}".utf8)
        #expect(throws: SafetensorsError.headerTooLarge(found: .max, maximum: 1 << 20)) {
            try SafetensorsFile(parsing: huge)
        }
        #expect(throws: SafetensorsError.headerTruncated(length: 100, available: 2)) {
            try SafetensorsFile(parsing: Data([100, 0, 0, 0, 0, 0, 0, 0]) + Data("{}".utf8))
        }
    }
}
