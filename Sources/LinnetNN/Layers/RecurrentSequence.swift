// SPDX-License-Identifier: Apache-2.0
//
// Legend: B rows, T steps, C input channels, U units, G gates (numbers of one step, a multiple of U).
//   x [B,T,C]  W [G,C]  b [G]      z [B,T,G] = x W^T + b, for the whole sequence in one product
//   backward of dz [B,T,G]:  dW = dz^T x      db = column sums of dz      dx = dz W
// Where the same x [B,C] comes in at every step, it is projected once; dz is summed over the steps first.

import LinnetNumerics

/// What all recurrent layers have in common: the shape of their sequence, and the part that does not depend on the state.
struct RecurrentSequence: Sendable {
    let input: LayerShape
    let output: LayerShape
    /// T.
    let steps: Int
    /// C.
    let channels: Int
    /// U.
    let units: Int
    /// G.
    let gates: Int
    /// Whether one vector comes in at every step.
    let isConstant: Bool

    /// - Parameters:
    ///   - gatesPerUnit: how many numbers the layer forms for each unit.
    ///   - repeats: how many times `input`, a single place, comes in; `nil` if `input` is a sequence.
    init(
        _ description: RecurrentDescription, gatesPerUnit: Int, input: LayerShape, repeats: Int?, at place: LayerPlace
    ) throws(NetworkError) {
        try place.check(width: description.units, of: "units")
        guard input.height == 1 else {
            throw .shape(place: place.name, found: "\(input)", needed: "a sequence, [steps, channels]")
        }
        self.input = input
        steps = repeats ?? input.width
        channels = input.channels
        units = description.units
        gates = gatesPerUnit * units
        isConstant = repeats != nil
        output = try place.checked(LayerShape(width: description.returnsSequence ? steps : 1, channels: units))
    }

    var returnsSequence: Bool { output.width == steps }

    /// W `[G,C]`, U `[G,units]` and b `[G]`; the layer adds its own.
    var tensors: [LayerTensor] {
        [
            LayerTensor(name: "weight", shape: [gates, channels], start: .glorot(inputs: channels, outputs: units)),
            LayerTensor(
                name: "recurrentWeight", shape: [gates, units], start: .uniform(bound: 1 / Double(units).squareRoot())),
            LayerTensor(name: "bias", shape: [gates], start: .zeros),
        ]
    }

    /// What comes in is projected at every step, or once if it does not change.
    var multiplyAdds: Int { gates * (channels * (isConstant ? 1 : steps) + units * steps) }

    var recurrentOffset: Int { gates * channels }
    var biasOffset: Int { recurrentOffset + gates * units }
    /// Of what comes after W, U and b.
    var end: Int { biasOffset + gates }

    /// Writes z; `scratch` has room for `[B,G]`.
    func project(_ pass: LayerPass, into z: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>) {
        let rows = isConstant ? pass.rows : pass.rows * steps
        let once = isConstant ? scratch : z
        Kernels.multiply(
            pass.input, byTransposed: pass.parameters, into: once, rows: rows, inputs: channels, outputs: gates)
        Kernels.addBias(pass.parameters + biasOffset, to: once, rows: rows, columns: gates)
        guard isConstant else { return }
        for row in 0..<pass.rows {
            for step in 0..<steps {
                (z + (row * steps + step) * gates).update(from: once + row * gates, count: gates)
            }
        }
    }

    /// Passes dz back to W, b and the input; `scratch` has room for `[B,G]`.
    func backward(
        _ pass: LayerPass, _ slopes: LayerSlopes, dz: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>
    ) {
        var (rows, dz) = (pass.rows * steps, dz)
        if isConstant {
            for row in 0..<pass.rows {
                Kernels.columnSums(
                    dz + row * steps * gates, into: scratch + row * gates, rows: steps, columns: gates)
            }
            (rows, dz) = (pass.rows, scratch)
        }
        Kernels.multiply(
            transposed: dz, by: pass.input, into: slopes.parameters, rows: rows, inputs: channels, outputs: gates)
        Kernels.columnSums(dz, into: slopes.parameters + biasOffset, rows: rows, columns: gates)
        if let dx = slopes.input {
            Kernels.multiply(dz, by: pass.parameters, into: dx, rows: rows, inputs: channels, outputs: gates)
        }
    }

    /// Stores a state `h` `[U]`: in the output, if it goes out, and as what the next step starts from.
    @inline(__always)
    func store(
        _ h: UnsafePointer<Float>, row: Int, step: Int, output: UnsafeMutablePointer<Float>,
        previous: UnsafeMutablePointer<Float>
    ) {
        let place = row * steps + step
        if returnsSequence {
            (output + place * units).update(from: h, count: units)
        } else if step == steps - 1 {
            (output + row * units).update(from: h, count: units)
        }
        if step + 1 < steps { (previous + (place + 1) * units).update(from: h, count: units) }
    }

    /// Clears what the first step of every row starts from.
    func clearFirst(_ previous: UnsafeMutablePointer<Float>, rows: Int) {
        for row in 0..<rows { (previous + row * steps * units).update(repeating: 0, count: units) }
    }

    /// Adds the slope by the output of one step to `dh` `[U]`.
    @inline(__always)
    func addOutputSlope(_ slope: UnsafePointer<Float>, row: Int, step: Int, to dh: UnsafeMutablePointer<Float>) {
        guard returnsSequence || step == steps - 1 else { return }
        let dy = slope + (returnsSequence ? row * steps + step : row) * units
        for u in 0..<units { dh[u] += dy[u] }
    }
}
