// SPDX-License-Identifier: Apache-2.0
//
// Legend as in RecurrentSequence; G = U.  h_0 = 0
//   h_t = tanh(z_t + h_{t-1} U^T)
//   dz_t = dh_t (1 - h_t^2)      dh_{t-1} += dz_t U      dU = sum over t of dz_t^T h_{t-1}

import LinnetNumerics

/// A simple recurrent layer: its state is all it puts out.
struct SimpleRecurrentLayer: Layer {
    let sequence: RecurrentSequence

    init(
        _ description: RecurrentDescription, input: LayerShape, repeats: Int?, at place: LayerPlace
    ) throws(NetworkError) {
        sequence = try RecurrentSequence(description, gatesPerUnit: 1, input: input, repeats: repeats, at: place)
    }

    var input: LayerShape { sequence.input }
    var output: LayerShape { sequence.output }
    var multiplyAdds: Int { sequence.multiplyAdds }

    var tensors: [LayerTensor] { sequence.tensors }

    /// The states and those before them, `[B,T,U]` each, and two of `[B,U]`.
    func keptCount(rows: Int) -> Int { rows * sequence.units * (2 * sequence.steps + 2) }

    private struct Memory {
        let state: UnsafeMutablePointer<Float>
        let previous: UnsafeMutablePointer<Float>
        let slope: UnsafeMutablePointer<Float>
        let scratch: UnsafeMutablePointer<Float>

        init(_ pass: LayerPass, _ sequence: RecurrentSequence) {
            let count = pass.rows * sequence.steps * sequence.units
            state = pass.kept
            previous = state + count
            slope = previous + count
            scratch = slope + pass.rows * sequence.units
        }
    }

    func forward(_ pass: LayerPass) -> Double {
        let (steps, units) = (sequence.steps, sequence.units)
        let memory = Memory(pass, sequence)
        sequence.project(pass, into: memory.state, scratch: memory.scratch)
        sequence.clearFirst(memory.previous, rows: pass.rows)
        for step in 0..<steps {
            if step > 0 {
                Kernels.multiply(
                    memory.previous + step * units, stride: steps * units,
                    byTransposed: pass.parameters + sequence.recurrentOffset, into: memory.state + step * units,
                    stride: steps * units, adding: true, rows: pass.rows, inputs: units, outputs: units)
            }
            for row in 0..<pass.rows {
                let h = memory.state + (row * steps + step) * units
                Kernels.map(h, into: h, count: units) { Kernels.tanh($0) }
                sequence.store(h, row: row, step: step, output: pass.output, previous: memory.previous)
            }
        }
        return 0
    }

    func backward(_ pass: LayerPass, _ slopes: LayerSlopes) {
        let (steps, units) = (sequence.steps, sequence.units)
        let memory = Memory(pass, sequence)
        memory.slope.update(repeating: 0, count: pass.rows * units)
        for step in stride(from: steps - 1, through: 0, by: -1) {
            for row in 0..<pass.rows {
                let (h, dh) = (memory.state + (row * steps + step) * units, memory.slope + row * units)
                sequence.addOutputSlope(slopes.output, row: row, step: step, to: dh)
                // The state is not needed any more: the slope takes its place.
                for u in 0..<units { h[u] = dh[u] * (1 - h[u] * h[u]) }
            }
            if step > 0 {
                Kernels.multiply(
                    memory.state + step * units, stride: steps * units,
                    by: pass.parameters + sequence.recurrentOffset, into: memory.slope, adding: false,
                    rows: pass.rows, inputs: units, outputs: units)
            }
        }
        Kernels.multiply(
            transposed: memory.state, by: memory.previous, into: slopes.parameters + sequence.recurrentOffset,
            rows: pass.rows * steps, inputs: units, outputs: units)
        sequence.backward(pass, slopes, dz: memory.state, scratch: memory.scratch)
    }
}
