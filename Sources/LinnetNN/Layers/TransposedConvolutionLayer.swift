// SPDX-License-Identifier: Apache-2.0
//
// Legend: B rows, N input places, each a position of the kernel; K its places, C input channels, O filters.
//   x [B N, C]  W [C, K O]  b [O]      P [B N, K O] patches of y      d the slope by the sums of patches, plus b
//   P = x W      y = f(each place's sum of P, + b)      d = dy f'      dP: the patches of d
//   dW = x^T dP      db = column sums of d      dx = dP W^T

import LinnetNumerics

/// The transpose of a convolution: every input place lays a patch over the output, and patches add up.
struct TransposedConvolutionLayer: Layer {
    let input: LayerShape
    let output: LayerShape
    let geometry: KernelGeometry
    let activation: Activation

    init(_ description: ConvolutionDescription, input: LayerShape, at place: LayerPlace) throws(NetworkError) {
        try place.check(width: description.filters, of: "filters")
        let (vertical, horizontal) = try KernelGeometry.axes(description, at: place)
        let added = try place.pair(
            description.outputPadding, of: "outputPadding", single: 0, within: 0...place.limits.maximumWidth)
        guard added.height < max(vertical.stride, vertical.dilation),
            added.width < max(horizontal.stride, horizontal.dilation)
        else {
            throw .setting(
                place: "\(place.name).outputPadding", found: "\(description.outputPadding)",
                allowed: "less than the stride or the dilation")
        }
        self.input = input
        activation = description.activation
        output = try place.checked(
            LayerShape(
                height: vertical.places(under: input.height) + added.height,
                width: horizontal.places(under: input.width) + added.width, channels: description.filters))
        geometry = KernelGeometry(
            grid: output, vertical: vertical, horizontal: horizontal, rows: input.height, columns: input.width)
        try place.check(width: geometry.patchCount, of: "kernel")
    }

    var tensors: [LayerTensor] {
        let (height, width) = (geometry.vertical.kernel, geometry.horizontal.kernel)
        return [
            LayerTensor(
                name: "weight", shape: [input.channels, height, width, output.channels],
                start: .glorot(inputs: height * width * input.channels, outputs: geometry.patchCount)),
            LayerTensor(name: "bias", shape: [output.channels], start: .zeros),
        ]
    }

    func keptCount(rows: Int) -> Int { rows * geometry.positions * geometry.patchCount }

    private var biasOffset: Int { input.channels * geometry.patchCount }

    func forward(_ pass: LayerPass) -> Double {
        Kernels.multiply(
            pass.input, by: pass.parameters, into: pass.kept,
            rows: pass.rows * geometry.positions, inputs: geometry.patchCount, outputs: input.channels)
        geometry.scatter(pass.kept, into: pass.output, batch: pass.rows)
        activation.addBias(
            pass.parameters + biasOffset, andActivate: pass.output, rows: pass.rows * output.places,
            columns: output.channels)
        return 0
    }

    func backward(_ pass: LayerPass, _ slopes: LayerSlopes) {
        let rows = pass.rows * geometry.positions
        activation.multiplyBySlope(slopes.output, output: pass.output, count: pass.rows * output.count)
        Kernels.columnSums(
            slopes.output, into: slopes.parameters + biasOffset, rows: pass.rows * output.places,
            columns: output.channels)
        geometry.gather(slopes.output, into: pass.kept, batch: pass.rows)
        Kernels.multiply(
            transposed: pass.input, by: pass.kept, into: slopes.parameters,
            rows: rows, inputs: geometry.patchCount, outputs: input.channels)
        if let dx = slopes.input {
            Kernels.multiply(
                pass.kept, byTransposed: pass.parameters, into: dx,
                rows: rows, inputs: geometry.patchCount, outputs: input.channels)
        }
    }
}
