// SPDX-License-Identifier: Apache-2.0
//
// Legend as in RecurrentSequence; G = 4U, gates in the order i, f, g, o as in PyTorch and Keras.  h_0 = c_0 = 0
//   (i, f, g, o)_t = z_t + h_{t-1} U^T      i, f, o through the sigmoid, g through tanh
//   c_t = f c_{t-1} + i g      h_t = o tanh(c_t)
//   dc_t = dc_{t+1} f_{t+1} + dh_t o (1 - tanh(c_t)^2)
//   di = dc g i(1-i)   df = dc c_{t-1} f(1-f)   dg = dc i (1-g^2)   do = dh tanh(c_t) o(1-o)
//   dh_{t-1} += (di, df, dg, do)_t U      dU = sum over t of (di, df, dg, do)_t^T h_{t-1}

import LinnetNumerics

/// Long short-term memory over a sequence (Hochreiter and Schmidhuber 1997, with forget gates: Gers et al. 2000).
///
/// Biases start at zero. Keras starts those of the forget gates at one (Jozefowicz et al. 2015), which helps over hundreds
/// of steps; over a window of ten, an autoencoder learned five times less in the same epochs.
struct LSTMLayer: Layer {
    let sequence: RecurrentSequence

    init(
        _ description: RecurrentDescription, input: LayerShape, repeats: Int?, at place: LayerPlace
    ) throws(NetworkError) {
        sequence = try RecurrentSequence(description, gatesPerUnit: 4, input: input, repeats: repeats, at: place)
    }

    var input: LayerShape { sequence.input }
    var output: LayerShape { sequence.output }
    var multiplyAdds: Int { sequence.multiplyAdds }

    var tensors: [LayerTensor] { sequence.tensors }

    /// Gates `[B,T,4U]`; states and cells before each step and cells after it through tanh, `[B,T,U]` each; two of
    /// `[B,U]` and one of `[B,4U]`.
    func keptCount(rows: Int) -> Int { rows * sequence.units * (7 * sequence.steps + 6) }

    private struct Memory {
        let gates: UnsafeMutablePointer<Float>
        let previous: UnsafeMutablePointer<Float>
        let previousCell: UnsafeMutablePointer<Float>
        let cell: UnsafeMutablePointer<Float>
        let slope: UnsafeMutablePointer<Float>
        let cellSlope: UnsafeMutablePointer<Float>
        let scratch: UnsafeMutablePointer<Float>

        init(_ pass: LayerPass, _ sequence: RecurrentSequence) {
            let count = pass.rows * sequence.steps * sequence.units
            gates = pass.kept
            previous = gates + 4 * count
            previousCell = previous + count
            cell = previousCell + count
            slope = cell + count
            cellSlope = slope + pass.rows * sequence.units
            scratch = cellSlope + pass.rows * sequence.units
        }
    }

    func forward(_ pass: LayerPass) -> Double {
        let (steps, units, gates) = (sequence.steps, sequence.units, sequence.gates)
        let memory = Memory(pass, sequence)
        sequence.project(pass, into: memory.gates, scratch: memory.scratch)
        sequence.clearFirst(memory.previous, rows: pass.rows)
        sequence.clearFirst(memory.previousCell, rows: pass.rows)
        for step in 0..<steps {
            if step > 0 {
                Kernels.multiply(
                    memory.previous + step * units, stride: steps * units,
                    byTransposed: pass.parameters + sequence.recurrentOffset, into: memory.gates + step * gates,
                    stride: steps * gates, adding: true, rows: pass.rows, inputs: units, outputs: gates)
            }
            for row in 0..<pass.rows {
                let place = row * steps + step
                activate(memory, place: place, isLast: step + 1 == steps)
                // The first gate's place in the scratch holds h while it is stored.
                sequence.store(
                    memory.scratch, row: row, step: step, output: pass.output, previous: memory.previous)
            }
        }
        return 0
    }

    /// Turns the sums of one step of one row into gates, cell and state; the state is left in the scratch.
    @inline(__always)
    private func activate(_ memory: Memory, place: Int, isLast: Bool) {
        let units = sequence.units
        let before = memory.previousCell + place * units
        Kernels.lstmStep(
            memory.gates + place * 4 * units, before: before, squashed: memory.cell + place * units,
            next: isLast ? nil : before + units, state: memory.scratch, units: units)
    }

    func backward(_ pass: LayerPass, _ slopes: LayerSlopes) {
        let (steps, units, gates) = (sequence.steps, sequence.units, sequence.gates)
        let memory = Memory(pass, sequence)
        memory.slope.update(repeating: 0, count: pass.rows * units)
        memory.cellSlope.update(repeating: 0, count: pass.rows * units)
        for step in stride(from: steps - 1, through: 0, by: -1) {
            for row in 0..<pass.rows {
                sequence.addOutputSlope(slopes.output, row: row, step: step, to: memory.slope + row * units)
                passBack(memory, row: row, place: row * steps + step)
            }
            if step > 0 {
                Kernels.multiply(
                    memory.gates + step * gates, stride: steps * gates,
                    by: pass.parameters + sequence.recurrentOffset, into: memory.slope, adding: false,
                    rows: pass.rows, inputs: units, outputs: gates)
            }
        }
        Kernels.multiply(
            transposed: memory.gates, by: memory.previous, into: slopes.parameters + sequence.recurrentOffset,
            rows: pass.rows * steps, inputs: units, outputs: gates)
        sequence.backward(pass, slopes, dz: memory.gates, scratch: memory.scratch)
    }

    /// Puts the slopes of one step of one row in the place of its gates.
    @inline(__always)
    private func passBack(_ memory: Memory, row: Int, place: Int) {
        let units = sequence.units
        Kernels.lstmBack(
            memory.gates + place * 4 * units, before: memory.previousCell + place * units,
            squashed: memory.cell + place * units, slope: memory.slope + row * units,
            cellSlope: memory.cellSlope + row * units, units: units)
    }
}
