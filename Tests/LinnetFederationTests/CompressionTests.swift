// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFederation
import LinnetNumerics
import Testing

@Suite("Compressed updates")
struct CompressionTests {
    private let blocks = [0..<4, 4..<6]
    /// Steps of one and of a billionth in blocks of their own.
    private let delta: [Float] = [1, -2, 0.1, 3e-7, 65504e-9, -1e-9]

    private func encode(
        _ encoding: UpdateEncoding, _ delta: [Float], blocks: [Range<Int>]? = nil, residual: ParameterVector? = nil,
        seed: UInt64 = 1
    ) throws -> (update: CompressedUpdate, residual: ParameterVector?) {
        var generator = SeededGenerator(seed: seed)
        return try CompressedUpdate.encode(
            encoding, base: ParameterVector(repeating: 0, count: delta.count), trained: ParameterVector(delta),
            blocks: blocks, residual: residual, using: &generator)
    }

    private func random(_ count: Int, seed: UInt64, deviation: Double = 0.01) -> [Float] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in Float(deviation * generator.gaussian()) }
    }

    // MARK: - Vectors

    @Test("16-bit floats have the bits that NumPy gives them, each block at its own power of two")
    func halves() throws {
        let update = try encode(.delta16, delta, blocks: blocks).update

        // numpy 2.4: (delta / 2 ** (floor(log2(max)) - 14)).astype(float16)
        #expect(
            update.tensors == [
                Tensor(
                    name: "delta",
                    list: .float16([0x7000, 0xf400, 0x6266, 0x1908, 0x744b, 0xb44c].map(Float16.init(bitPattern:)))),
                Tensor(name: "scales", list: .float32([0x1p-13, 0x1p-28])),
            ])
        let decoded = try update.decode(onto: ParameterVector(repeating: 0, count: 6), blocks: blocks)
        #expect(
            isClose(
                decoded, [1, -2, 0.0999755859375, 2.998858690261841e-07, 6.55055046081543e-05, -1.000444171950221e-09],
                within: 0))
        #expect(update.byteCount == 6 * 2 + 2 * 4)
    }

    @Test("8-bit steps lie beside the exact number, and exact ones are hit")
    func steps() throws {
        let update = try encode(.delta8, [1, -2, 0, 2, 0.5], blocks: [0..<3, 3..<5]).update

        guard case .int8(let steps) = update.tensors[0].elements else {
            Issue.record("delta is \(update.tensors[0].elements.type)")
            return
        }
        #expect([63, 64].contains(steps[0]))
        #expect(steps[1...3] == [-127, 0, 127])
        #expect([31, 32].contains(steps[4]))
        #expect(update.tensors[1].values == [Float(2) / 127, Float(2) / 127])
        #expect(update.byteCount == 5 + 8)
    }

    @Test("top-k sends the largest steps, keeps the rest, and sends it when it has grown")
    func topK() throws {
        let first = try encode(.topK(share: 0.3), [4, -1, 0, 8, 1, 2])
        let rest = try #require(first.residual)
        let second = try encode(.topK(share: 0.3), [0, -3, 0, 0, 0, 1], residual: rest)
        let origin = ParameterVector(repeating: 0, count: 6)

        #expect(first.update.tensors[0].elements == .int32([0, 3]))
        #expect(try first.update.decode(onto: origin).values == [4, 0, 0, 8, 0, 0])
        #expect(rest.values == [0, -1, 0, 0, 1, 2])
        // By hand: the memory plus the new steps is [0, -4, 0, 0, 1, 3].
        #expect(try second.update.decode(onto: origin).values == [0, -4, 0, 0, 0, 3])
        #expect(second.residual?.values == [0, 0, 0, 0, 1, 0])
    }

    @Test("of equal steps top-k takes the first, and always at least one")
    func ties() throws {
        let update = try encode(.topK(share: 0.5), [1, -1, 1, -1]).update
        #expect(update.tensors[0].elements == .int32([0, 1]))
        #expect(try encode(.topK(share: 1e-9), [1, -3, 1]).update.tensors[0].elements == .int32([1]))
        #expect(try encode(.topK(share: 1), [0, 0]).update.tensors[0].elements == .int32([0, 1]))
    }

    // MARK: - Properties

    @Test("rounding to 8 bits is unbiased: the mean of many is the number itself")
    func unbiased() throws {
        let delta = random(64, seed: 3)
        let scale = Double(delta.map(\.magnitude).max() ?? 0) / 127
        let runs = 4000
        let origin = ParameterVector(repeating: 0, count: delta.count)
        var generator = SeededGenerator(seed: 4)
        var sums = [Double](repeating: 0, count: delta.count)
        for _ in 0..<runs {
            let update = try CompressedUpdate.encode(
                .delta8, base: origin, trained: ParameterVector(delta), using: &generator
            ).update
            for (i, value) in try update.decode(onto: origin).values.enumerated() { sums[i] += Double(value) }
        }

        // One rounding deviates by half a step at most; five deviations of the mean leave no room for chance.
        let tolerance = 5 * 0.5 * scale / Double(runs).squareRoot()
        for (sum, exact) in zip(sums, delta) { #expect(abs(sum / Double(runs) - Double(exact)) < tolerance) }
    }

    @Test("what comes back is off by no more than the encoding's own step")
    func errors() throws {
        var generator = SeededGenerator(seed: 5)
        let base = ParameterVector(random(1000, seed: 6, deviation: 1))
        var trained = base
        trained.add(ParameterVector(random(1000, seed: 7)), times: 1)
        let largest = (trained - base).values.map(\.magnitude).max() ?? 0

        for (encoding, step) in [
            (UpdateEncoding.full, Float(0)), (.delta16, largest * 0x1p-11), (.delta8, largest / 127),
        ] {
            let update = try CompressedUpdate.encode(encoding, base: base, trained: trained, using: &generator).update
            let error = (try update.decode(onto: base) - trained).values.map(\.magnitude).max() ?? 0
            // The sum with a base of about 3 rounds as well.
            #expect(error <= step + (encoding == .full ? 0 : 0x1p-22))
        }
    }

    @Test("nothing is lost with top-k: what was sent and what is kept add up to all steps, and every place is served")
    func errorFeedback() throws {
        let origin = ParameterVector(repeating: 0, count: 100)
        var sent = origin
        var all = origin
        var residual: ParameterVector?
        for round in 0..<200 {
            // Small steps in one direction everywhere, larger noise besides.
            var delta = ParameterVector(random(100, seed: UInt64(round)))
            delta.add(ParameterVector(repeating: 0.002, count: 100), times: 1)
            all.add(delta, times: 1)
            let (update, rest) = try encode(.topK(share: 0.1), delta.values, residual: residual)
            residual = rest
            sent.add(try update.decode(onto: origin), times: 1)
        }

        #expect(sent.values.allSatisfy { $0 != 0 })
        var sum = sent
        sum.add(try #require(residual), times: 1)
        #expect((sum - all).norm < 1e-5)
        // What is kept stays bounded; without the memory nine tenths of all steps would be missing.
        #expect(try #require(residual).norm < 0.5 * all.norm)
    }

    @Test("the same seed gives the same bits")
    func repeatable() throws {
        let delta = random(500, seed: 8)
        #expect(try encode(.delta8, delta, seed: 2).update == encode(.delta8, delta, seed: 2).update)
        #expect(try encode(.delta8, delta, seed: 2).update != encode(.delta8, delta, seed: 3).update)
    }

    @Test(
        "steps of nothing, of the smallest and of the largest numbers come back finite",
        arguments: [UpdateEncoding.full, .delta16, .delta8, .topK(share: 0.5)])
    func extremes(_ encoding: UpdateEncoding) throws {
        let origin = ParameterVector(repeating: 0, count: 4)
        let values: [[Float]] = [
            [0, 0, 0, 0], [.leastNonzeroMagnitude, 0, -.leastNonzeroMagnitude, 0], [1e30, 1, -3e38, .pi],
        ]
        for delta in values {
            let decoded = try encode(encoding, delta).update.decode(onto: origin)
            let largest = delta.map(\.magnitude).max() ?? 0
            #expect((decoded - ParameterVector(delta)).values.allSatisfy { $0.magnitude <= largest })
        }
    }

    // MARK: - Refusals

    @Test("what is not finite, or not of the base, is not encoded")
    func refusedToEncode() throws {
        var generator = SeededGenerator(seed: 1)
        let base = ParameterVector([.greatestFiniteMagnitude, 0])
        for trained: [Float] in [[.nan, 0], [.infinity, 0], [-.greatestFiniteMagnitude, 0]] {
            #expect(throws: CompressionError.notFinite) {
                try CompressedUpdate.encode(
                    .delta16, base: base, trained: ParameterVector(trained), using: &generator)
            }
        }
        #expect(throws: CompressionError.wrongCount(what: "trained weights", found: 1, expected: 2)) {
            try CompressedUpdate.encode(.full, base: base, trained: ParameterVector([1]), using: &generator)
        }
        #expect(throws: CompressionError.wrongCount(what: "numbers in the residual", found: 3, expected: 2)) {
            try encode(.topK(share: 1), [1, 2], residual: ParameterVector(repeating: 0, count: 3))
        }
    }

    private func read(_ encoding: String, _ tensors: [Tensor]) throws -> ParameterVector {
        try CompressedUpdate(tensors: tensors, metadata: ["format": "linnet-update/1", "encoding": encoding])
            .decode(onto: ParameterVector([1, 2, 3]))
    }

    @Test("foreign tensors are refused, whatever is wrong with them")
    func foreign() throws {
        let scales = Tensor(name: "scales", list: .float32([1]))
        let delta = Tensor(name: "delta", list: .int8([1, 2, 3]))
        let values = Tensor(name: "values", list: .float16([1, 1]))
        #expect(try read("delta8", [delta, scales]).values == [2, 4, 6])
        #expect(
            try read("top-k:0.5", [.init(name: "indices", list: .int32([0, 2])), values, scales]).values == [2, 2, 4])

        let broken: [(String, [Tensor])] = [
            ("delta8", []), ("delta8", [delta]), ("delta8", [scales]),
            ("delta16", [delta, scales]), ("full", [delta, scales]), ("top-k:0.5", [delta, scales]),
            ("delta8", [delta, scales, values]),
            ("delta8", [delta, .init(name: "scales", list: .float32([1, 1]))]),
            ("delta8", [delta, .init(name: "scales", list: .float32([]))]),
            ("delta8", [delta, .init(name: "scales", list: .float32([.nan]))]),
            ("delta8", [delta, .init(name: "scales", list: .float32([.infinity]))]),
            ("delta8", [.init(name: "delta", list: .int8([1, 2])), scales]),
            ("delta8", [.init(name: "delta", shape: [3, 1], elements: .int8([1, 2, 3])), scales]),
            ("delta16", [.init(name: "delta", list: .float16([1, 2, .infinity])), scales]),
            ("delta16", [.init(name: "delta", list: .float16([1, .nan, 3])), scales]),
            ("full", [.init(name: "parameters", list: .float32([1, 2, .nan]))]),
            ("full", [.init(name: "parameters", list: .float32([1, 2]))]),
        ]
        for (encoding, tensors) in broken {
            #expect(throws: CompressionError.self) { try read(encoding, tensors) }
        }
        for indices: [Int32] in [[2, 0], [0, 0], [-1, 2], [0, 3], [.min, .max], [0], [0, 1, 2]] {
            #expect(throws: CompressionError.self) {
                try read("top-k:0.5", [.init(name: "indices", list: .int32(indices)), values, scales])
            }
        }
        for encoding in ["", "delta4", "top-k:0", "top-k:nan", "top-k:2", "top-k:"] {
            #expect(throws: CompressionError.unknownEncoding(encoding)) { try read(encoding, [delta, scales]) }
        }
        #expect(throws: CompressionError.self) { try CompressedUpdate(tensors: [delta, scales], metadata: [:]) }
    }

    @Test("an encoding's text is read back", arguments: ["full", "delta16", "delta8", "top-k:0.1", "top-k:1.0"])
    func text(_ text: String) throws {
        #expect(try #require(UpdateEncoding(text)).description == text)
    }
}
