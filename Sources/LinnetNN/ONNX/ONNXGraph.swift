// SPDX-License-Identifier: Apache-2.0
//
// Field numbers are those of onnx.proto3 (ONNX 1.12, IR version 8, opset 17):
//   GraphProto     node 1, name 2, initializer 5, input 11, output 12
//   NodeProto      input 1, output 2, name 3, op_type 4, attribute 5
//   AttributeProto name 1, f 2, i 3, s 4, ints 8, type 20
//   TensorProto    dims 1, data_type 2, name 8, raw_data 9
//   ValueInfoProto name 1, type 2;  TypeProto tensor_type 1;  Tensor elem_type 1, shape 2;  dim 1: value 1, param 2

/// An ONNX graph that grows node by node behind one value, the output of the last node.
///
/// Between layers a value is `[batch, height, width, channels]`, channels last, as everywhere in Linnet. Nodes that want
/// channels first have a transposition before and behind them, which runtimes fuse away.
struct ONNXGraph {
    /// A setting of a node.
    enum Attribute {
        case int(String, Int)
        case ints(String, [Int])
        case float(String, Float)
        case text(String, String)
    }

    /// The numbers that ONNX gives to types.
    enum ElementType: Int {
        case float = 1
        case int64 = 7
    }

    /// What the next node takes in.
    private(set) var value: String
    /// The shape of one row of it.
    private(set) var shape: LayerShape
    private var message = ProtobufWriter()
    private var valueCount = 0

    /// - Parameter input: the name of the graph's input, which is declared by `declareInput`.
    init(name: String, input: String) {
        value = input
        shape = LayerShape(channels: 1)
        message.write(name, field: 2)
    }

    var bytes: [UInt8] { message.bytes }

    // MARK: - Nodes

    /// Appends a node.
    ///
    /// - Parameters:
    ///   - inputs: names of values; an empty one stands for an optional input that is left out.
    ///   - outputs: how many values come out, of which the last is the one that is used.
    ///   - name: what the output is called; made up if there is none.
    /// - Returns: the name of the used output.
    @discardableResult
    mutating func node(
        _ type: String, _ inputs: [String], _ attributes: [Attribute] = [], outputs: Int = 1, name: String? = nil
    ) -> String {
        valueCount += 1
        let output = name ?? "v\(valueCount)"
        var node = ProtobufWriter()
        for input in inputs { node.write(input, field: 1) }
        for _ in 1..<outputs { node.write("", field: 2) }
        node.write(output, field: 2)
        node.write("\(type)_\(valueCount)", field: 3)
        node.write(type, field: 4)
        for attribute in attributes { node.write(Self.encode(attribute), field: 5) }
        message.write(node, field: 1)
        return output
    }

    /// Appends a node that takes the current value in, and makes its output the current value.
    mutating func apply(_ type: String, to others: [String] = [], _ attributes: [Attribute] = []) {
        value = node(type, [value] + others, attributes)
    }

    /// Goes on from another value, of which one row has this shape.
    mutating func move(to name: String, shape: LayerShape) {
        value = name
        self.shape = shape
    }

    /// Gives the rows of the current value another shape with as many values, if they do not have it already.
    mutating func take(_ shape: LayerShape) {
        guard shape != self.shape else { return }
        reshape([-1, shape.height, shape.width, shape.channels])
        self.shape = shape
    }

    /// Gives the current value these sizes, one of which may be -1 for what is left.
    mutating func reshape(_ sizes: [Int]) { apply("Reshape", to: [constant(sizes)]) }

    /// Puts the dimensions of the current value in another order.
    mutating func transpose(_ order: [Int]) { apply("Transpose", [.ints("perm", order)]) }

    private static func encode(_ attribute: Attribute) -> ProtobufWriter {
        var message = ProtobufWriter()
        switch attribute {
        case .float(let name, let value):
            message.write(name, field: 1)
            message.write(value, field: 2)
            message.write(1, field: 20)
        case .int(let name, let value):
            message.write(name, field: 1)
            message.write(value, field: 3)
            message.write(2, field: 20)
        case .text(let name, let value):
            message.write(name, field: 1)
            message.write(value, field: 4)
            message.write(3, field: 20)
        case .ints(let name, let values):
            message.write(name, field: 1)
            for value in values { message.write(value, field: 8) }
            message.write(7, field: 20)
        }
        return message
    }

    // MARK: - Constants

    /// Adds numbers that the graph holds.
    ///
    /// - Returns: their name.
    mutating func constant(_ values: [Float], _ sizes: [Int]) -> String {
        constant(sizes, type: .float, bytes: values.flatMap { Self.littleEndian($0.bitPattern) })
    }

    /// A list of whole numbers, such as sizes.
    mutating func constant(_ values: [Int]) -> String {
        constant(
            [values.count], type: .int64, bytes: values.flatMap { Self.littleEndian(UInt64(bitPattern: Int64($0))) })
    }

    private mutating func constant(_ sizes: [Int], type: ElementType, bytes: [UInt8]) -> String {
        valueCount += 1
        let name = "c\(valueCount)"
        var tensor = ProtobufWriter()
        for size in sizes { tensor.write(size, field: 1) }
        tensor.write(type.rawValue, field: 2)
        tensor.write(name, field: 8)
        tensor.write(bytes, field: 9)
        message.write(tensor, field: 5)
        return name
    }

    private static func littleEndian<Word: FixedWidthInteger>(_ word: Word) -> [UInt8] {
        withUnsafeBytes(of: word.littleEndian, Array.init)
    }

    // MARK: - Inputs and outputs

    /// Declares a value that comes in, `[batch] + sizes`.
    mutating func declareInput(_ name: String, _ sizes: [Int]) {
        message.write(Self.declaration(name, sizes), field: 11)
    }

    /// Declares a value that goes out, `[batch] + sizes`.
    mutating func declareOutput(_ name: String, _ sizes: [Int]) {
        message.write(Self.declaration(name, sizes), field: 12)
    }

    private static func declaration(_ name: String, _ sizes: [Int]) -> ProtobufWriter {
        var shape = ProtobufWriter()
        var batch = ProtobufWriter()
        batch.write("batch", field: 2)
        shape.write(batch, field: 1)
        for size in sizes {
            var dimension = ProtobufWriter()
            dimension.write(size, field: 1)
            shape.write(dimension, field: 1)
        }
        var tensor = ProtobufWriter()
        tensor.write(ElementType.float.rawValue, field: 1)
        tensor.write(shape, field: 2)
        var type = ProtobufWriter()
        type.write(tensor, field: 1)
        var value = ProtobufWriter()
        value.write(name, field: 1)
        value.write(type, field: 2)
        return value
    }
}
