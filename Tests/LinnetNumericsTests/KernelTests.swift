// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics
import Testing

/// Each kernel beside its slow twin, over shapes that leave remainders in every vector loop.
@Suite("Kernels")
struct KernelTests {
    struct Shape: Sendable, CustomTestStringConvertible {
        var rows: Int
        var inputs: Int
        var outputs: Int
        var testDescription: String { "\(rows) rows, \(inputs) -> \(outputs)" }
    }

    static let shapes: [Shape] = [1, 2, 3, 7, 32, 33].flatMap { rows in
        [(1, 1), (1, 5), (3, 2), (8, 16), (13, 7), (38, 32), (65, 31), (300, 50), (49, 270)].map {
            Shape(rows: rows, inputs: $0.0, outputs: $0.1)
        }
    }

    static let counts = [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 33, 100, 1027]

    @Test("the three products of a layer are those of the reference", arguments: shapes)
    func products(_ shape: Shape) {
        var generator = SeededGenerator(seed: 11)
        let (rows, inputs, outputs) = (shape.rows, shape.inputs, shape.outputs)
        let x = gaussians(rows * inputs, &generator)
        let w = gaussians(inputs * outputs, &generator)
        let dy = gaussians(rows * outputs, &generator)
        // Wrong answers show: what must be overwritten starts as rubbish.
        var y = [Float](repeating: .nan, count: rows * outputs)
        var dx = [Float](repeating: .nan, count: rows * inputs)
        var dw = [Float](repeating: .nan, count: outputs * inputs)
        Kernels.multiply(x, byTransposed: w, into: &y, rows: rows, inputs: inputs, outputs: outputs)
        Kernels.multiply(dy, by: w, into: &dx, rows: rows, inputs: inputs, outputs: outputs)
        Kernels.multiply(transposed: dy, by: x, into: &dw, rows: rows, inputs: inputs, outputs: outputs)
        expectEqual(y, Reference.multiply(x, byTransposed: w, rows: rows, inputs: inputs, outputs: outputs), 2e-5)
        expectEqual(dx, Reference.multiply(dy, by: w, rows: rows, inputs: inputs, outputs: outputs), 2e-5)
        expectEqual(dw, Reference.multiply(transposed: dy, by: x, rows: rows, inputs: inputs, outputs: outputs), 2e-5)
    }

    @Test(
        "a single row with its bias is that of the reference, and NaN stays NaN",
        arguments: shapes.filter { $0.rows == 1 })
    func singleRow(_ shape: Shape) {
        var generator = SeededGenerator(seed: 16)
        let (inputs, outputs) = (shape.inputs, shape.outputs)
        let (x, w) = (gaussians(inputs, &generator), gaussians(inputs * outputs, &generator))
        let b = gaussians(outputs, &generator)
        let products = Reference.multiply(x, byTransposed: w, rows: 1, inputs: inputs, outputs: outputs)
        for rectified in [false, true] {
            var y = [Float](repeating: .nan, count: outputs)
            Kernels.affine(
                x, byTransposed: w, plus: b, into: &y, inputs: inputs, outputs: outputs, rectified: rectified)
            expectEqual(
                y,
                Reference.addBias(b, to: products.map { Float($0) }, columns: outputs) { rectified ? max(0, $0) : $0 },
                2e-5)
            let broken = [Float](repeating: .nan, count: outputs)
            Kernels.affine(
                x, byTransposed: w, plus: broken, into: &y, inputs: inputs, outputs: outputs, rectified: rectified)
            #expect(y.allSatisfy { $0.isNaN })
        }
    }

    @Test("bias and activation in one pass are those of the reference", arguments: shapes)
    func activations(_ shape: Shape) {
        var generator = SeededGenerator(seed: 12)
        let (rows, columns) = (shape.rows, shape.outputs)
        let z = gaussians(rows * columns, &generator).map { 3 * $0 }
        let b = gaussians(columns, &generator)
        var (identity, relu, tanh, sigmoid) = (z, z, z, z)
        Kernels.addBias(b, to: &identity, rows: rows, columns: columns)
        Kernels.addBias(b, to: &relu, rows: rows, columns: columns, then: Kernels.relu)
        Kernels.addBias(b, to: &tanh, rows: rows, columns: columns, then: Kernels.tanh)
        Kernels.addBias(b, to: &sigmoid, rows: rows, columns: columns, then: Kernels.sigmoid)
        expectEqual(identity, Reference.addBias(b, to: z, columns: columns) { $0 }, 1e-6)
        expectEqual(relu, Reference.addBias(b, to: z, columns: columns, then: Reference.relu), 1e-6)
        expectEqual(tanh, Reference.addBias(b, to: z, columns: columns, then: Reference.tanh), 1e-6)
        expectEqual(sigmoid, Reference.addBias(b, to: z, columns: columns, then: Reference.sigmoid), 1e-6)
    }

    @Test("slopes are those of the activations", arguments: counts)
    func slopes(_ count: Int) {
        var generator = SeededGenerator(seed: 13)
        let delta = gaussians(count, &generator)
        let z = gaussians(count, &generator)
        let relu = z.map { max(0, $0) }
        let tanh = z.map { Float(Reference.tanh(Double($0))) }
        let sigmoid = z.map { Float(Reference.sigmoid(Double($0))) }
        var (a, b, c) = (delta, delta, delta)
        Kernels.multiply(&a, bySlopeAt: relu, count: count) { $0 > 0 ? 1 : 0 }
        Kernels.multiply(&b, bySlopeAt: tanh, count: count) { 1 - $0 * $0 }
        Kernels.multiply(&c, bySlopeAt: sigmoid, count: count) { $0 * (1 - $0) }
        expectEqual(a, zip(delta, z).map { $1 > 0 ? Double($0) : 0 }, 0)
        expectEqual(b, zip(delta, tanh).map { Double($0) * (1 - Double($1) * Double($1)) }, 1e-6)
        expectEqual(c, zip(delta, sigmoid).map { Double($0) * Double($1) * (1 - Double($1)) }, 1e-6)
    }

    @Test("sums, products and differences of vectors are those of the reference", arguments: counts)
    func vectors(_ count: Int) {
        var generator = SeededGenerator(seed: 14)
        let x = gaussians(count, &generator)
        let y = gaussians(count, &generator)
        var sum = y
        x.withUnsafeBufferPointer { x in sum.withUnsafeMutableBufferPointer { Kernels.axpy(0.5, x, $0) } }
        expectEqual(sum, Reference.axpy(0.5, x, y), 1e-6)
        let z = gaussians(count, &generator)
        var moved = z
        x.withUnsafeBufferPointer { x in
            y.withUnsafeBufferPointer { y in
                moved.withUnsafeMutableBufferPointer { Kernels.addDifference(x, y, times: 3, to: $0) }
            }
        }
        expectEqual(moved, Reference.addDifference(x, y, times: 3, to: z), 1e-6)
        let dot = x.withUnsafeBufferPointer { x in y.withUnsafeBufferPointer { Kernels.dot(x, $0) } }
        #expect(abs(dot - Reference.dot(x, y)) <= 1e-12 * Double(count + 1))
        guard count > 0 else { return }
        var delta = [Float](repeating: .nan, count: count)
        let squares = Kernels.difference(x, y, times: 2, into: &delta, count: count)
        let differences = zip(x, y).map { Double($0) - Double($1) }
        expectEqual(delta, differences.map { 2 * $0 }, 1e-6)
        #expect(abs(squares - differences.reduce(0) { $0 + $1 * $1 }) <= 1e-5 * Double(count))
    }

    @Test("column sums are those of the reference", arguments: shapes)
    func columnSums(_ shape: Shape) {
        var generator = SeededGenerator(seed: 15)
        let x = gaussians(shape.rows * shape.inputs, &generator)
        var sums = [Float](repeating: .nan, count: shape.inputs)
        Kernels.columnSums(x, into: &sums, rows: shape.rows, columns: shape.inputs)
        expectEqual(sums, Reference.columnSums(x, rows: shape.rows, columns: shape.inputs), 1e-5)
    }

    @Test("the fast hyperbolic tangent is within 5e-7 of the true one everywhere, and NaN stays NaN")
    func tanh() {
        var worst = 0.0
        for step in -120_000...120_000 {
            let z = Float(step) / 10_000
            worst = max(worst, abs(Double(Kernels.tanh(z)) - Reference.tanh(Double(z))))
        }
        #expect(worst < 5e-7)
        #expect(abs(Kernels.tanh(.infinity) - 1) < 1e-6)
        #expect(abs(Kernels.tanh(-.greatestFiniteMagnitude) + 1) < 1e-6)
        #expect(Kernels.tanh(.nan).isNaN)
        #expect(Kernels.tanh(0) == 0)
    }

    @Test("the fast square root is within 3e-7 of the true one over the whole range of Float")
    func squareRoot() {
        var worst = 0.0
        var x = Float(1.2e-38)
        while x < 1e38 {
            worst = max(worst, abs(Double(Kernels.squareRoot(x)) / Double(x).squareRoot() - 1))
            x *= 1.0137
        }
        #expect(worst < 3e-7)
        #expect(Kernels.squareRoot(0) == 0)
        #expect(Kernels.squareRoot(.leastNonzeroMagnitude) < 1e-18)
        #expect(Kernels.squareRoot(.nan).isNaN)
    }

    @Test(
        "the vectorised functions are within their bounds of the true ones, and NaN stays NaN",
        arguments: [
            ("relu", 0.0), ("leakyReLU", 1e-7), ("elu", 1e-6), ("sigmoid", 3e-7), ("softplus", 3e-7), ("gelu", 1e-6),
            ("geluSlope", 1e-6), ("normalDistribution", 4e-7),
        ])
    func functions(_ name: String, _ bound: Double) throws {
        let (fast, slow) = try #require(Self.functions[name])
        var worst = 0.0
        for step in -200_000...200_000 {
            let z = Float(step) / 10_000
            let expected = slow(Double(z))
            worst = max(worst, abs(Double(fast(z)) - expected) / max(1, abs(expected)))
        }
        #expect(worst <= bound)
        #expect(fast(.nan).isNaN)
        #expect(fast(-1000).isFinite && fast(1000).isFinite)
    }

    private static let functions: [String: (@Sendable (Float) -> Float, @Sendable (Double) -> Double)] = [
        "relu": (Kernels.relu, Reference.relu), "leakyReLU": (Kernels.leakyReLU, Reference.leakyReLU),
        "elu": (Kernels.elu, Reference.elu), "sigmoid": (Kernels.sigmoid, Reference.sigmoid),
        "softplus": (Kernels.softplus, Reference.softplus), "gelu": (Kernels.gelu, Reference.gelu),
        "geluSlope": (Kernels.geluSlope, { (Reference.gelu($0 + 1e-5) - Reference.gelu($0 - 1e-5)) / 2e-5 }),
        "normalDistribution": (Kernels.normalDistribution, Reference.normalDistribution),
    ]

    @Test("the fast exponential is within 3e-7 of the true one relatively, and finite everywhere")
    func exponential() {
        var worst = 0.0
        for step in -870_000...880_000 {
            let z = Float(step) / 10_000
            worst = max(worst, abs(Double(Kernels.exp(z)) / Reference.exp(Double(z)) - 1))
        }
        #expect(worst < 3e-7)
        #expect(Kernels.exp(-.infinity) < 1e-37 && Kernels.exp(-.infinity) >= 0)
        #expect(Kernels.exp(.infinity).isFinite && Kernels.exp(.infinity) > 1e38)
        #expect(Kernels.exp(.nan).isNaN && Kernels.exp(-.nan).isNaN)
    }

    @Test("softmax gives shares of one, however large the numbers, and NaN for NaN")
    func softmax() {
        let x: [Float] = [1, 2, 3, 1000, 999, -1000, .nan, 0, 1]
        var y = [Float](repeating: 0, count: 9)
        Kernels.softmax(x, into: &y, rows: 3, columns: 3)
        expectEqual(Array(y[0..<3]), [0.090_030_573, 0.244_728_471, 0.665_240_956], 1e-6)
        expectEqual(Array(y[3..<6]), [0.731_058_579, 0.268_941_421, 0], 1e-6)
        #expect(y[6].isNaN && y[7].isNaN)
    }

    @Test("one NaN or infinity is found at every place", arguments: [1, 2, 7, 16, 33])
    func finiteness(_ count: Int) {
        for place in 0..<count {
            for value: Float in [.nan, .signalingNaN, .infinity, -.infinity] {
                var x = [Float](repeating: .greatestFiniteMagnitude, count: count)
                let before = x.withUnsafeBufferPointer(Kernels.isFinite)
                x[place] = value
                let after = x.withUnsafeBufferPointer(Kernels.isFinite)
                #expect(before && !after)
            }
        }
    }
}

/// - Returns: `count` numbers of the normal distribution.
func gaussians(_ count: Int, _ generator: inout SeededGenerator) -> [Float] {
    (0..<count).map { _ in Float(generator.gaussian()) }
}

/// Expects every element within `tolerance` of the reference, relative to numbers above 1.
func expectEqual(
    _ values: [Float], _ expected: [Double], _ tolerance: Double, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(values.count == expected.count, sourceLocation: sourceLocation)
    let worst = zip(values, expected).map { abs(Double($0) - $1) / max(1, abs($1)) }.max() ?? 0
    // Written so that NaN fails.
    #expect(worst <= tolerance, "largest difference", sourceLocation: sourceLocation)
    #expect(values.allSatisfy { $0.isFinite }, sourceLocation: sourceLocation)
}
