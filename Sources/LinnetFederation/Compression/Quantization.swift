// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// The way from the base in fewer bits: one scale a block, and a short number a parameter.
enum Quantization {
    /// Writes each block as 16-bit floats, to the nearest one.
    ///
    /// The scale is a power of two, so it costs no precision, and brings the largest number of the block to 2¹⁴ or above:
    /// numbers down to 2⁻²⁸ of it keep eleven bits. Without a scale, steps below 6 · 10⁻⁵ would lose bits, and below
    /// 3 · 10⁻⁸ vanish.
    static func halves(of delta: [Float], blocks: [Range<Int>]) -> (scales: [Float], values: [Float16]) {
        var scales: [Float] = []
        var values = [Float16](repeating: 0, count: delta.count)
        for block in blocks {
            let scale = powerOfTwo(below: largest(of: delta[block]))
            scales.append(scale)
            for i in block { values[i] = Float16(delta[i] / scale) }
        }
        return (scales, values)
    }

    /// Writes each block in whole steps from -127 to 127, rounded at random so that the mean is exact.
    ///
    /// QSGD (Alistarh et al. 2017, arXiv 1610.02132, section 3.1) with 127 levels, and the block's largest magnitude in
    /// place of its norm: `q = floor(x / s + u)`, u uniform in [0, 1), so `E[q] s = x`. The error of a parameter is below
    /// one step, and the errors of many participants cancel out in their mean.
    static func steps(
        of delta: [Float], blocks: [Range<Int>], using generator: inout SeededGenerator
    ) -> (scales: [Float], values: [Int8]) {
        var scales: [Float] = []
        var values = [Int8](repeating: 0, count: delta.count)
        for block in blocks {
            let scale = max(largest(of: delta[block]) / 127, .leastNormalMagnitude)
            scales.append(scale)
            for i in block {
                let step = (Double(delta[i]) / Double(scale) + generator.uniform()).rounded(.down)
                // The largest number may come to a hair more than 127 steps.
                values[i] = Int8(min(max(step, -127), 127))
            }
        }
        return (scales, values)
    }

    /// Adds `scale · value` to the parameters of each block.
    static func add(_ delta: [Float16], scales: [Float], blocks: [Range<Int>], to parameters: inout ParameterVector) {
        add(scales: scales, blocks: blocks, to: &parameters) { Float(delta[$0]) }
    }

    /// Adds `scale · value` to the parameters of each block.
    static func add(_ delta: [Int8], scales: [Float], blocks: [Range<Int>], to parameters: inout ParameterVector) {
        add(scales: scales, blocks: blocks, to: &parameters) { Float(delta[$0]) }
    }

    @inline(__always)
    private static func add(
        scales: [Float], blocks: [Range<Int>], to parameters: inout ParameterVector, value: (Int) -> Float
    ) {
        parameters.withUnsafeMutableBufferPointer { parameters in
            for (block, scale) in zip(blocks, scales) {
                for i in block { parameters[i] += scale * value(i) }
            }
        }
    }

    /// The power of two that brings `magnitude` into 2¹⁴..<2¹⁵, as far as powers of two go down.
    static func powerOfTwo(below magnitude: Float) -> Float {
        guard magnitude > 0 else { return 1 }
        return Float(sign: .plus, exponent: max(magnitude.exponent - 14, -126), significand: 1)
    }

    private static func largest(of values: ArraySlice<Float>) -> Float {
        values.reduce(0) { max($0, $1.magnitude) }
    }
}
