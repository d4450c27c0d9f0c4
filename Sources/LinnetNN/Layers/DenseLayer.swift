// SPDX-License-Identifier: Apache-2.0
//
// Legend: B rows times places, I inputs, O outputs.  x [B,I]  W [O,I]  b [O]  y [B,O]  d [B,O] the slope by x W^T + b
//   y = f(x W^T + b)      d = dy f'      dW = d^T x      db = column sums of d      dx = d W

import LinnetNumerics

/// A dense layer; on a sequence or grid it does the same at every place, which others call time-distributed.
struct DenseLayer: Layer {
    let input: LayerShape
    let outputs: Int
    let activation: Activation

    init(_ description: DenseDescription, input: LayerShape, at place: LayerPlace) throws(NetworkError) {
        try place.check(width: description.width, of: "width")
        self.input = input
        outputs = description.width
        activation = description.activation
        _ = try place.checked(output)
    }

    var output: LayerShape { LayerShape(height: input.height, width: input.width, channels: outputs) }

    var tensors: [LayerTensor] {
        [
            LayerTensor(
                name: "weight", shape: [outputs, input.channels],
                start: .glorot(inputs: input.channels, outputs: outputs)),
            LayerTensor(name: "bias", shape: [outputs], start: .zeros),
        ]
    }

    private var biasOffset: Int { outputs * input.channels }

    func forward(_ pass: LayerPass) -> Double {
        let rows = pass.rows * input.places
        if rows == 1, activation == .relu || activation == .identity {
            // One row, as a device has it: what is added and cut off is done while the sums are at hand.
            Kernels.affine(
                pass.input, byTransposed: pass.parameters, plus: pass.parameters + biasOffset, into: pass.output,
                inputs: input.channels, outputs: outputs, rectified: activation == .relu)
            return 0
        }
        Kernels.multiply(
            pass.input, byTransposed: pass.parameters, into: pass.output,
            rows: rows, inputs: input.channels, outputs: outputs)
        activation.addBias(pass.parameters + biasOffset, andActivate: pass.output, rows: rows, columns: outputs)
        return 0
    }

    func backward(_ pass: LayerPass, _ slopes: LayerSlopes) {
        let rows = pass.rows * input.places
        activation.multiplyBySlope(slopes.output, output: pass.output, count: rows * outputs)
        Kernels.multiply(
            transposed: slopes.output, by: pass.input, into: slopes.parameters,
            rows: rows, inputs: input.channels, outputs: outputs)
        Kernels.columnSums(slopes.output, into: slopes.parameters + biasOffset, rows: rows, columns: outputs)
        if let dx = slopes.input {
            Kernels.multiply(
                slopes.output, by: pass.parameters, into: dx, rows: rows, inputs: input.channels, outputs: outputs)
        }
    }
}
