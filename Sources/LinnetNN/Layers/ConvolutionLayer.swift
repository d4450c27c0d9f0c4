// SPDX-License-Identifier: Apache-2.0
//
// Legend: B rows, N positions of the kernel, K its places, C input channels, O filters.
//   P [B N, K C] patches of x      W [O, K C]  b [O]      y [B N, O]  d [B N, O] the slope by P W^T + b
//   y = f(P W^T + b)      d = dy f'      dW = d^T P      db = column sums of d      dP = d W      dx: each place's sum of dP

import LinnetNumerics

/// A convolution over time or over a grid: a dense layer of every patch.
struct ConvolutionLayer: Layer {
    let input: LayerShape
    let output: LayerShape
    let geometry: KernelGeometry
    let activation: Activation

    init(_ description: ConvolutionDescription, input: LayerShape, at place: LayerPlace) throws(NetworkError) {
        try place.check(width: description.filters, of: "filters")
        let (vertical, horizontal) = try KernelGeometry.axes(description, at: place)
        self.input = input
        activation = description.activation
        geometry = KernelGeometry(
            grid: input, vertical: vertical, horizontal: horizontal, rows: vertical.positions(over: input.height),
            columns: horizontal.positions(over: input.width))
        guard geometry.positions > 0 else {
            throw .shape(place: place.name, found: "\(input)", needed: "as many places as the kernel spans")
        }
        try place.check(width: geometry.patchCount, of: "kernel")
        output = try place.checked(
            LayerShape(height: geometry.rows, width: geometry.columns, channels: description.filters))
    }

    var tensors: [LayerTensor] {
        let (height, width) = (geometry.vertical.kernel, geometry.horizontal.kernel)
        return [
            LayerTensor(
                name: "weight", shape: [output.channels, height, width, input.channels],
                start: .glorot(inputs: geometry.patchCount, outputs: height * width * output.channels)),
            LayerTensor(name: "bias", shape: [output.channels], start: .zeros),
        ]
    }

    /// Each weight acts at every place of the output.
    var multiplyAdds: Int { biasOffset * output.places }

    func keptCount(rows: Int) -> Int { rows * geometry.positions * geometry.patchCount }

    private var biasOffset: Int { output.channels * geometry.patchCount }

    func forward(_ pass: LayerPass) -> Double {
        let rows = pass.rows * geometry.positions
        geometry.gather(pass.input, into: pass.kept, batch: pass.rows)
        Kernels.multiply(
            pass.kept, byTransposed: pass.parameters, into: pass.output,
            rows: rows, inputs: geometry.patchCount, outputs: output.channels)
        activation.addBias(
            pass.parameters + biasOffset, andActivate: pass.output, rows: rows, columns: output.channels)
        return 0
    }

    func backward(_ pass: LayerPass, _ slopes: LayerSlopes) {
        let rows = pass.rows * geometry.positions
        activation.multiplyBySlope(slopes.output, output: pass.output, count: rows * output.channels)
        Kernels.multiply(
            transposed: slopes.output, by: pass.kept, into: slopes.parameters,
            rows: rows, inputs: geometry.patchCount, outputs: output.channels)
        Kernels.columnSums(slopes.output, into: slopes.parameters + biasOffset, rows: rows, columns: output.channels)
        guard let dx = slopes.input else { return }
        // The patches are not needed any more: their slopes take their place.
        Kernels.multiply(
            slopes.output, by: pass.parameters, into: pass.kept,
            rows: rows, inputs: geometry.patchCount, outputs: output.channels)
        geometry.scatter(pass.kept, into: dx, batch: pass.rows)
    }
}
