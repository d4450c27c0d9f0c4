// SPDX-License-Identifier: Apache-2.0
//
//   y = f(x)      dx = dy f'(x)

import LinnetNumerics

/// An activation by itself; GELU and softmax always are one, for their slopes do not follow from single outputs.
struct ActivationLayer: Layer {
    let activation: Activation
    let input: LayerShape
    var output: LayerShape { input }

    init(_ activation: Activation, shape: LayerShape) {
        self.activation = activation
        input = shape
    }

    func forward(_ pass: LayerPass) -> Double {
        activation.apply(pass.input, into: pass.output, rows: pass.rows * input.places, columns: input.channels)
        return 0
    }

    func backward(_ pass: LayerPass, _ slopes: LayerSlopes) {
        guard let dx = slopes.input else { return }
        let count = pass.rows * input.count
        switch activation {
        case .gelu: Kernels.multiply(slopes.output, bySlopeAt: pass.input, count: count) { Kernels.geluSlope($0) }
        case .softmax:
            Kernels.multiplyBySoftmaxSlope(
                slopes.output, output: pass.output, rows: pass.rows * input.places, columns: input.channels)
        default: activation.multiplyBySlope(slopes.output, output: pass.output, count: count)
        }
        dx.update(from: slopes.output, count: count)
    }
}
