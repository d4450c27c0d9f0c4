// SPDX-License-Identifier: Apache-2.0
//
// int8, symmetric:  q = round(w / s), -127...127,  s = max |w| / 127 over a row of the weight, or over all of it;  w' = s q
// A file holds q under the weight's own name, and s beside it as `<name>.scale`, [rows] or [1].

import LinnetNumerics

/// How many bits a model's weights have in a file; biases and other lists are always whole, for they are few.
///
/// What is read back is what was written, in 32 bits again: a model that came in fewer bits scores with the rounded
/// weights, and its layers run as fast as they did. Products of bytes, weights and values alike, have been measured for one
/// row at a time: 0.27 µs against 0.16 for 38-32-16-8 and back, 0.15 against 0.08 for 8-16-4, and 1.6 against 5.0 for
/// 512-128-32, where a processor multiplies 64 bytes at a time, with outputs wrong by 1.4 %. A device that scores a few
/// windows a second has no use for the microseconds, and an error that stands beside faint faults costs it something.
public enum WeightPrecision: String, Codable, Sendable, Hashable, CaseIterable {
    /// All of each number.
    case float32 = "f32"
    /// Half the bytes; 11 bits of each number.
    case float16 = "f16"
    /// A quarter of the bytes; 8 bits of each number, with one scale for each output of a layer.
    case int8 = "i8"
    /// As `int8`, with one scale for each weight matrix.
    case int8PerTensor = "i8-tensor"

    /// Whether the tensor is among those that are rounded.
    private static func isRounded(_ slot: TensorSlot) -> Bool { slot.shape.count >= 2 }

    /// Writes one weight or bias as the tensors of a file.
    func tensors(of slot: TensorSlot, values: [Float]) -> [Tensor] {
        guard Self.isRounded(slot) else { return [Tensor(name: slot.name, shape: slot.shape, values: values)] }
        switch self {
        case .float32: return [Tensor(name: slot.name, shape: slot.shape, values: values)]
        case .float16:
            let largest = Float(Float16.greatestFiniteMagnitude)
            let halves = values.map { Float16(max(-largest, min(largest, $0))) }
            return [Tensor(name: slot.name, shape: slot.shape, elements: .float16(halves))]
        case .int8, .int8PerTensor:
            let width = values.count / scaleCount(of: slot)
            var scales: [Float] = []
            var codes: [Int8] = []
            codes.reserveCapacity(values.count)
            for first in stride(from: 0, to: values.count, by: width) {
                let row = values[first..<first + width]
                let scale = row.reduce(0) { max($0, abs($1)) } / 127
                scales.append(scale)
                // Within ±127 by the choice of the scale, so the conversion holds; NaN does not come this far.
                for value in row { codes.append(scale > 0 ? Int8(max(-127, min(127, (value / scale).rounded()))) : 0) }
            }
            return [
                Tensor(name: slot.name, shape: slot.shape, elements: .int8(codes)),
                Tensor(name: slot.name + ".scale", shape: [scales.count], values: scales),
            ]
        }
    }

    /// Reads one weight or bias back, and takes its tensors out.
    ///
    /// - Throws: a tensor that is missing, of another type or shape, or not finite.
    func values(of slot: TensorSlot, from tensors: inout [String: Tensor]) throws(ModelArtifactError) -> [Float] {
        guard let tensor = tensors.removeValue(forKey: slot.name) else { throw .missingTensor(slot.name) }
        guard tensor.shape == slot.shape else {
            throw .shape(tensor: slot.name, found: tensor.shape, expected: slot.shape)
        }
        let values: [Float]
        switch (tensor.elements, Self.isRounded(slot) ? self : .float32) {
        case (.float32(let numbers), .float32): values = numbers
        case (.float16(let halves), .float16): values = halves.map(Float.init)
        case (.int8(let codes), .int8), (.int8(let codes), .int8PerTensor):
            let scale = slot.name + ".scale"
            guard case .float32(let scales)? = tensors.removeValue(forKey: scale)?.elements else {
                throw .missingTensor(scale)
            }
            guard scales.count == scaleCount(of: slot), scales.allSatisfy({ $0 >= 0 }) else {
                throw .shape(tensor: scale, found: [scales.count], expected: [scaleCount(of: slot)])
            }
            let width = codes.count / scales.count
            values = codes.enumerated().map { scales[$0.offset / width] * Float($0.element) }
        default: throw .elementType(tensor: slot.name, found: tensor.elements.type.rawValue, precision: rawValue)
        }
        guard values.withUnsafeBufferPointer(Kernels.isFinite) else { throw .notFinite(slot.name) }
        return values
    }

    private func scaleCount(of slot: TensorSlot) -> Int { self == .int8 ? slot.shape[0] : 1 }
}
