// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Sends the largest steps of an update, and keeps the rest for later.
///
/// Stich, Cordonnier and Jaggi 2018 (arXiv 1809.07599), algorithm 1, with a whole round's way in place of one gradient:
/// `g = top_k(m + Δ)`, sent; `m ← m + Δ - g`, kept. What is left out now is not lost: it grows in the memory m until it
/// is among the largest. Numbers are sent as 16-bit floats, and their rounding stays in m, too.
struct TopK {
    /// The share of parameters sent, above 0, at most 1.
    let share: Double

    /// What is sent.
    struct Sparse {
        /// Rising, each once.
        var indices: [Int32]
        var values: [Float16]
        var scale: Float

        func add(to parameters: inout ParameterVector) {
            for (index, value) in zip(indices, values) { parameters[Int(index)] += scale * Float(value) }
        }
    }

    /// - Parameter residual: the memory m of the rounds before, `[P]`; `nil` is zero everywhere.
    /// - Returns: what is sent, and the memory after it.
    func split(
        _ delta: ParameterVector, residual: ParameterVector?
    ) throws(CompressionError) -> (sparse: Sparse, residual: ParameterVector) {
        var rest = delta
        if let residual {
            guard residual.count == delta.count else {
                throw .wrongCount(what: "numbers in the residual", found: residual.count, expected: delta.count)
            }
            rest.add(residual, times: 1)
        }
        guard rest.isFinite, rest.count <= Int(Int32.max) else { throw .notFinite }
        let indices = largest(of: rest.values)
        let scale = Quantization.powerOfTwo(below: indices.reduce(0) { max($0, rest[Int($1)].magnitude) })
        var values: [Float16] = []
        values.reserveCapacity(indices.count)
        for index in indices {
            let value = Float16(rest[Int(index)] / scale)
            values.append(value)
            rest[Int(index)] -= scale * Float(value)
        }
        return (Sparse(indices: indices, values: values, scale: scale), rest)
    }

    /// Where the largest magnitudes stand, in rising order; of equal ones those that come first.
    private func largest(of values: [Float]) -> [Int32] {
        guard !values.isEmpty else { return [] }
        // The share is at most 1, so the product fits.
        let count = min(values.count, max(1, Int((share * Double(values.count)).rounded(.up))))
        let limit = values.map(\.magnitude).sorted(by: >)[count - 1]
        var ties = count - values.count { $0.magnitude > limit }
        var indices: [Int32] = []
        indices.reserveCapacity(count)
        for (index, value) in values.enumerated() where value.magnitude >= limit {
            if value.magnitude == limit {
                guard ties > 0 else { continue }
                ties -= 1
            }
            indices.append(Int32(index))
        }
        return indices
    }
}
