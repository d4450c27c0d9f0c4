// SPDX-License-Identifier: Apache-2.0
//
// Legend as in RecurrentSequence; G = 3U, gates in the order r, z, n as in PyTorch; U_r, U_z, U_n are parts of U.  h_0 = 0
//   (r, z)_t = sigmoid(z_t + h_{t-1} (U_r, U_z)^T)      q_t = h_{t-1} U_n^T + a, a the recurrent bias [U]
//   n_t = tanh(z_t + r q_t)      h_t = (1 - z) n + z h_{t-1}
//   dn = dh (1-z)(1-n^2)   dq = dn r   dr = dn q r(1-r)   dz = dh (h_{t-1} - n) z(1-z)
//   dh_{t-1} = dh z + (dr, dz) (U_r, U_z) + dq U_n      dU = sums over t of (dr, dz, dq)_t^T h_{t-1}

import LinnetNumerics

/// Gated recurrent units over a sequence (Cho et al. 2014), with the reset gate after the product.
struct GRULayer: Layer {
    let sequence: RecurrentSequence

    init(
        _ description: RecurrentDescription, input: LayerShape, repeats: Int?, at place: LayerPlace
    ) throws(NetworkError) {
        sequence = try RecurrentSequence(description, gatesPerUnit: 3, input: input, repeats: repeats, at: place)
    }

    var input: LayerShape { sequence.input }
    var output: LayerShape { sequence.output }
    var multiplyAdds: Int { sequence.multiplyAdds }

    var tensors: [LayerTensor] {
        sequence.tensors
            + [LayerTensor(name: "recurrentBias", shape: [sequence.units], start: .zeros)]
    }

    /// Gates `[B,T,3U]`; states before each step and q, `[B,T,U]` each; one of `[B,U]` and one of `[B,3U]`.
    func keptCount(rows: Int) -> Int { rows * sequence.units * (5 * sequence.steps + 4) }

    private struct Memory {
        let gates: UnsafeMutablePointer<Float>
        let previous: UnsafeMutablePointer<Float>
        let candidate: UnsafeMutablePointer<Float>
        let slope: UnsafeMutablePointer<Float>
        let scratch: UnsafeMutablePointer<Float>

        init(_ pass: LayerPass, _ sequence: RecurrentSequence) {
            let count = pass.rows * sequence.steps * sequence.units
            gates = pass.kept
            previous = gates + 3 * count
            candidate = previous + count
            slope = candidate + count
            scratch = slope + pass.rows * sequence.units
        }
    }

    func forward(_ pass: LayerPass) -> Double {
        let (steps, units, gates) = (sequence.steps, sequence.units, sequence.gates)
        let memory = Memory(pass, sequence)
        let recurrent = pass.parameters + sequence.recurrentOffset
        sequence.project(pass, into: memory.gates, scratch: memory.scratch)
        sequence.clearFirst(memory.previous, rows: pass.rows)
        sequence.clearFirst(memory.candidate, rows: pass.rows)
        for step in 0..<steps {
            if step > 0 {
                let before = memory.previous + step * units
                Kernels.multiply(
                    before, stride: steps * units, byTransposed: recurrent, into: memory.gates + step * gates,
                    stride: steps * gates, adding: true, rows: pass.rows, inputs: units, outputs: 2 * units)
                Kernels.multiply(
                    before, stride: steps * units, byTransposed: recurrent + 2 * units * units,
                    into: memory.candidate + step * units, stride: steps * units, adding: false, rows: pass.rows,
                    inputs: units, outputs: units)
            }
            for row in 0..<pass.rows {
                activate(memory, place: row * steps + step, bias: pass.parameters + sequence.end)
                sequence.store(
                    memory.scratch, row: row, step: step, output: pass.output, previous: memory.previous)
            }
        }
        return 0
    }

    /// Turns the sums of one step of one row into gates and state; the state is left in the scratch.
    @inline(__always)
    private func activate(_ memory: Memory, place: Int, bias: UnsafePointer<Float>) {
        let units = sequence.units
        let r = memory.gates + place * 3 * units
        let (z, n) = (r + units, r + 2 * units)
        let (before, q, h) = (memory.previous + place * units, memory.candidate + place * units, memory.scratch)
        Kernels.map(r, into: r, count: 2 * units) { Kernels.sigmoid($0) }
        for u in 0..<units {
            q[u] += bias[u]
            n[u] = Kernels.tanh(n[u] + r[u] * q[u])
            h[u] = (1 - z[u]) * n[u] + z[u] * before[u]
        }
    }

    func backward(_ pass: LayerPass, _ slopes: LayerSlopes) {
        let (steps, units, gates) = (sequence.steps, sequence.units, sequence.gates)
        let memory = Memory(pass, sequence)
        let recurrent = pass.parameters + sequence.recurrentOffset
        let recurrentSlope = slopes.parameters + sequence.recurrentOffset
        let rows = pass.rows * steps
        memory.slope.update(repeating: 0, count: pass.rows * units)
        for step in stride(from: steps - 1, through: 0, by: -1) {
            for row in 0..<pass.rows {
                sequence.addOutputSlope(slopes.output, row: row, step: step, to: memory.slope + row * units)
                passBack(memory, row: row, place: row * steps + step)
            }
            guard step > 0 else { continue }
            Kernels.multiply(
                memory.gates + step * gates, stride: steps * gates, by: recurrent, into: memory.slope, adding: true,
                rows: pass.rows, inputs: units, outputs: 2 * units)
            Kernels.multiply(
                memory.candidate + step * units, stride: steps * units, by: recurrent + 2 * units * units,
                into: memory.slope, adding: true, rows: pass.rows, inputs: units, outputs: units)
        }
        Kernels.multiply(
            transposed: memory.gates, stride: gates, by: memory.previous, into: recurrentSlope, rows: rows,
            inputs: units, outputs: 2 * units)
        Kernels.multiply(
            transposed: memory.candidate, by: memory.previous, into: recurrentSlope + 2 * units * units, rows: rows,
            inputs: units, outputs: units)
        Kernels.columnSums(memory.candidate, into: slopes.parameters + sequence.end, rows: rows, columns: units)
        sequence.backward(pass, slopes, dz: memory.gates, scratch: memory.scratch)
    }

    /// Puts the slopes of one step of one row in the place of its gates and of q; `slope` keeps what z lets through.
    @inline(__always)
    private func passBack(_ memory: Memory, row: Int, place: Int) {
        let units = sequence.units
        let r = memory.gates + place * 3 * units
        let (z, n) = (r + units, r + 2 * units)
        let (before, q) = (memory.previous + place * units, memory.candidate + place * units)
        let dh = memory.slope + row * units
        for u in 0..<units {
            let dn = dh[u] * (1 - z[u]) * (1 - n[u] * n[u])
            let dz = dh[u] * (before[u] - n[u]) * z[u] * (1 - z[u])
            dh[u] *= z[u]
            let dr = dn * q[u] * r[u] * (1 - r[u])
            q[u] = dn * r[u]
            r[u] = dr
            z[u] = dz
            n[u] = dn
        }
    }
}
