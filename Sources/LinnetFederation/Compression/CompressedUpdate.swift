// SPDX-License-Identifier: Apache-2.0
//
// An update in fewer bytes, as named tensors; P parameters in S blocks, one block a tensor of the network:
//
//     full        parameters F32 [P]                                       the trained weights
//     delta16     delta F16 [P], scales F32 [S]                            w = base + scale · delta
//     delta8      delta I8 [P], scales F32 [S]                             w = base + scale · delta
//     top-k:0.1   indices I32 [K], values F16 [K], scales F32 [1]          w[index] = base[index] + scale · value
//
// Beside them stand two texts, `format` = `linnet-update/1` and `encoding` as above. The order of parameters is that of
// the base's own tensors. For the base [0, 0] and the trained weights [1, -2] in one block, delta8 is
//
//     scales [2/127]   delta [63 or 64, -127]

import LinnetDomain
import LinnetNumerics

/// The weights that a participant trained, written down as an ``UpdateEncoding`` says.
///
///     let (update, residual) = try CompressedUpdate.encode(
///         .delta8, base: base, trained: trained, blocks: blocks, using: &generator)
///     let weights = try update.decode(onto: base, blocks: blocks)
///
/// The same tensors and base give the same bits. What comes from outside is checked when it is decoded.
public struct CompressedUpdate: Sendable, Equatable {
    public let encoding: UpdateEncoding
    /// The numbers, as the head of this file describes.
    public let tensors: [Tensor]

    /// The value of the text `format`.
    public static let format = "linnet-update/1"

    init(encoding: UpdateEncoding, tensors: [Tensor]) {
        self.encoding = encoding
        self.tensors = tensors
    }

    /// Takes an update as it was read; nothing but its texts is checked yet.
    ///
    /// - Throws: ``CompressionError/unknownEncoding(_:)``.
    public init(tensors: [Tensor], metadata: [String: String]) throws(CompressionError) {
        let text = metadata["encoding"] ?? ""
        guard metadata["format"] == Self.format, let encoding = UpdateEncoding(text) else {
            throw .unknownEncoding(String(text.prefix(64)))
        }
        self.init(encoding: encoding, tensors: tensors)
    }

    /// The texts to stand beside the tensors.
    public var metadata: [String: String] { ["format": Self.format, "encoding": encoding.description] }

    /// Bytes of all numbers, without the container around them.
    public var byteCount: Int { tensors.reduce(0) { $0 + $1.byteCount } }

    // MARK: - Writing

    /// Compresses an update.
    ///
    /// - Parameters:
    ///   - base: the version that was trained from, `[P]`.
    ///   - trained: what came of it, `[P]`.
    ///   - blocks: the ranges of the network's tensors, one after the other over the whole vector; each gets a scale of
    ///     its own. `nil` makes one block of all.
    ///   - residual: what top-k has not sent yet, `[P]`; `nil` in the beginning, and for the other encodings.
    ///   - generator: what rounding of `delta8` draws from; the other encodings draw nothing.
    /// - Returns: the update, and the residual to bring along the next time; `nil` for all but top-k.
    /// - Throws: ``CompressionError/notFinite`` or ``CompressionError/wrongCount(what:found:expected:)``.
    public static func encode(
        _ encoding: UpdateEncoding, base: ParameterVector, trained: ParameterVector, blocks: [Range<Int>]? = nil,
        residual: ParameterVector? = nil, using generator: inout SeededGenerator
    ) throws(CompressionError) -> (update: CompressedUpdate, residual: ParameterVector?) {
        guard trained.count == base.count else {
            throw .wrongCount(what: "trained weights", found: trained.count, expected: base.count)
        }
        let delta = trained - base
        // Two finite weights at both ends of Float's range have no finite difference.
        guard base.isFinite, trained.isFinite, delta.isFinite else { throw .notFinite }
        let blocks = blocks ?? [0..<base.count]
        precondition(encoding.isValid, "\(encoding) sends no share above 0 and at most 1")
        precondition(tile(blocks, base.count), "blocks must follow each other over all \(base.count) parameters")
        switch encoding {
        case .full:
            let parameters = Tensor(name: "parameters", list: .float32(trained.values))
            return (CompressedUpdate(encoding: encoding, tensors: [parameters]), nil)
        case .delta16:
            let (scales, halves) = Quantization.halves(of: delta.values, blocks: blocks)
            return (CompressedUpdate(encoding: encoding, delta: .float16(halves), scales: scales), nil)
        case .delta8:
            let (scales, steps) = Quantization.steps(of: delta.values, blocks: blocks, using: &generator)
            return (CompressedUpdate(encoding: encoding, delta: .int8(steps), scales: scales), nil)
        case .topK(let share):
            let (sparse, rest) = try TopK(share: share).split(delta, residual: residual)
            return (
                CompressedUpdate(
                    encoding: encoding,
                    tensors: [
                        Tensor(name: "indices", list: .int32(sparse.indices)),
                        Tensor(name: "values", list: .float16(sparse.values)),
                        Tensor(name: "scales", list: .float32([sparse.scale])),
                    ]), rest
            )
        }
    }

    private init(encoding: UpdateEncoding, delta: Tensor.Elements, scales: [Float]) {
        self.init(
            encoding: encoding,
            tensors: [Tensor(name: "delta", list: delta), Tensor(name: "scales", list: .float32(scales))])
    }

    // MARK: - Reading

    /// Puts the update onto the version it was trained from.
    ///
    /// - Parameters:
    ///   - base: `[P]`, finite.
    ///   - blocks: as they were when it was encoded.
    /// - Returns: the trained weights as far as the encoding keeps them, `[P]`, all finite.
    /// - Throws: ``CompressionError``; whatever the tensors hold, nothing traps.
    public func decode(
        onto base: ParameterVector, blocks: [Range<Int>]? = nil
    ) throws(CompressionError) -> ParameterVector {
        let blocks = blocks ?? [0..<base.count]
        precondition(Self.tile(blocks, base.count), "blocks must follow each other over all \(base.count) parameters")
        var parameters: ParameterVector
        switch encoding {
        case .full:
            parameters = ParameterVector(try floats("parameters", count: base.count))
        case .delta16:
            let scales = try floats("scales", count: blocks.count)
            guard case .float16(let delta) = try list("delta", count: base.count) else { throw wrongType("delta") }
            parameters = base
            Quantization.add(delta, scales: scales, blocks: blocks, to: &parameters)
        case .delta8:
            let scales = try floats("scales", count: blocks.count)
            guard case .int8(let delta) = try list("delta", count: base.count) else { throw wrongType("delta") }
            parameters = base
            Quantization.add(delta, scales: scales, blocks: blocks, to: &parameters)
        case .topK:
            parameters = base
            try sparse(of: base.count).add(to: &parameters)
        }
        guard tensors.count == Self.names(of: encoding).count else {
            throw .tensor(tensors.last?.name ?? "", reason: "is one more than \(encoding) has")
        }
        guard parameters.isFinite else { throw .notFinite }
        return parameters
    }

    private func sparse(of count: Int) throws(CompressionError) -> TopK.Sparse {
        guard case .int32(let indices) = try list("indices", count: nil) else { throw wrongType("indices") }
        guard case .float16(let values) = try list("values", count: indices.count) else { throw wrongType("values") }
        var next = 0
        for index in indices {
            // In order and each once: twice the same index would count twice.
            guard let index = Int(exactly: index), index >= next, index < count else {
                throw .tensor("indices", reason: "is not a rising list of numbers from 0 to \(count - 1)")
            }
            next = index + 1
        }
        return TopK.Sparse(indices: indices, values: values, scale: try floats("scales", count: 1)[0])
    }

    private static func names(of encoding: UpdateEncoding) -> [String] {
        switch encoding {
        case .full: ["parameters"]
        case .delta16, .delta8: ["delta", "scales"]
        case .topK: ["indices", "values", "scales"]
        }
    }

    /// A list by name; of `count` numbers, if that is given.
    private func list(_ name: String, count: Int?) throws(CompressionError) -> Tensor.Elements {
        guard let tensor = tensors.first(where: { $0.name == name }) else {
            throw .tensor(name, reason: "is missing")
        }
        guard tensor.shape.count == 1, count == nil || tensor.elements.count == count else {
            throw .wrongCount(
                what: "numbers in tensor \"\(name)\"", found: tensor.elements.count, expected: count ?? 0)
        }
        return tensor.elements
    }

    private func floats(_ name: String, count: Int) throws(CompressionError) -> [Float] {
        guard case .float32(let values) = try list(name, count: count) else { throw wrongType(name) }
        return values
    }

    private func wrongType(_ name: String) -> CompressionError {
        .tensor(name, reason: "is of another type than \(encoding) gives it")
    }

    private static func tile(_ blocks: [Range<Int>], _ count: Int) -> Bool {
        var position = 0
        for block in blocks {
            guard block.lowerBound == position else { return false }
            position = block.upperBound
        }
        return position == count
    }
}
