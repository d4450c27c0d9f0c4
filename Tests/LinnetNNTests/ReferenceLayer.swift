// SPDX-License-Identifier: Apache-2.0

import LinnetNN
import LinnetNumerics

/// What each layer means, one output at a time in Double.
enum ReferenceLayer {
    /// - Parameter parameters: those not yet used; the layer takes its own from the front.
    static func output(
        of layer: LayerDescription, _ x: ReferenceGrid, _ parameters: inout ArraySlice<Double>
    ) -> ReferenceGrid {
        switch layer {
        case .dense(let dense): outputOf(dense, x, &parameters)
        case .activation(let activation): activate(activation, x)
        case .reshape(let sizes):
            ReferenceGrid(
                height: sizes.count > 2 ? sizes[0] : 1, width: sizes.count > 1 ? sizes[sizes.count - 2] : 1,
                channels: sizes[sizes.count - 1], values: x.values)
        case .flatten: ReferenceGrid(height: 1, width: 1, channels: x.values.count, values: x.values)
        case .convolution(let convolution): outputOf(convolution, x, &parameters)
        case .transposedConvolution(let convolution): outputOf(transposed: convolution, x, &parameters)
        case .pooling(let pooling): outputOf(pooling, x)
        case .recurrent(let recurrent): outputOf(recurrent, x, &parameters)
        case .firstSteps(let steps): .form(1, steps, x.channels) { _, step, c in x[0, step, c] }
        case .layerNormalization: outputOfNormalization(x, &parameters)
        case .dropout, .gaussianNoise, .activityPenalty, .gaussianLatent, .batchNormalization:
            preconditionFailure("what acts in training only has golden vectors")
        case .repeatVector(let steps): .form(1, steps, x.channels) { _, _, c in x[0, 0, c] }
        case .upsampling(let factors):
            .form(x.height * pair(factors, 1).0, x.width * pair(factors, 1).1, x.channels) { i, j, c in
                x[i / pair(factors, 1).0, j / pair(factors, 1).1, c]
            }
        }
    }

    static func take(_ count: Int, _ parameters: inout ArraySlice<Double>) -> [Double] {
        let taken = Array(parameters.prefix(count))
        parameters = parameters.dropFirst(count)
        return taken
    }

    static func activate(_ activation: Activation, _ x: ReferenceGrid) -> ReferenceGrid {
        guard activation == .softmax else {
            return .form(x.height, x.width, x.channels) { i, j, c in activate(activation, x[i, j, c]) }
        }
        return .form(x.height, x.width, x.channels) { i, j, c in
            Reference.exp(x[i, j, c]) / (0..<x.channels).reduce(0) { $0 + Reference.exp(x[i, j, $1]) }
        }
    }

    static func activate(_ activation: Activation, _ z: Double) -> Double {
        switch activation {
        case .identity, .softmax: z
        case .relu: Reference.relu(z)
        case .leakyRelu: Reference.leakyReLU(z)
        case .elu: Reference.elu(z)
        case .gelu: Reference.gelu(z)
        case .tanh: Reference.tanh(z)
        case .sigmoid: Reference.sigmoid(z)
        case .softplus: Reference.softplus(z)
        }
    }

    private static func outputOf(
        _ dense: DenseDescription, _ x: ReferenceGrid, _ parameters: inout ArraySlice<Double>
    ) -> ReferenceGrid {
        let weights = take(dense.width * x.channels, &parameters)
        let biases = take(dense.width, &parameters)
        let sums = ReferenceGrid.form(x.height, x.width, dense.width) { i, j, o in
            (0..<x.channels).reduce(biases[o]) { $0 + weights[o * x.channels + $1] * x[i, j, $1] }
        }
        return activate(dense.activation, sums)
    }

    /// Height and width; a single number is the width's.
    private static func pair(_ numbers: [Int], _ single: Int) -> (Int, Int) {
        numbers.count == 1 ? (single, numbers[0]) : (numbers[0], numbers[1])
    }

    private static func outputOf(
        _ layer: ConvolutionDescription, _ x: ReferenceGrid, _ parameters: inout ArraySlice<Double>
    ) -> ReferenceGrid {
        let ((kh, kw), (sh, sw)) = (pair(layer.kernel, 1), pair(layer.stride, 1))
        let ((ph, pw), (dh, dw)) = (pair(layer.padding, 0), pair(layer.dilation, 1))
        let weights = take(layer.filters * kh * kw * x.channels, &parameters)
        let biases = take(layer.filters, &parameters)
        let height = (x.height + 2 * ph - dh * (kh - 1) - 1) / sh + 1
        let width = (x.width + 2 * pw - dw * (kw - 1) - 1) / sw + 1
        let sums = ReferenceGrid.form(height, width, layer.filters) { i, j, o in
            var z = biases[o]
            for a in 0..<kh {
                for b in 0..<kw {
                    for c in 0..<x.channels {
                        z +=
                            weights[((o * kh + a) * kw + b) * x.channels + c]
                            * x[i * sh - ph + a * dh, j * sw - pw + b * dw, c]
                    }
                }
            }
            return z
        }
        return activate(layer.activation, sums)
    }

    private static func outputOf(
        transposed layer: ConvolutionDescription, _ x: ReferenceGrid, _ parameters: inout ArraySlice<Double>
    ) -> ReferenceGrid {
        let ((kh, kw), (sh, sw)) = (pair(layer.kernel, 1), pair(layer.stride, 1))
        let ((ph, pw), (dh, dw)) = (pair(layer.padding, 0), pair(layer.dilation, 1))
        let (oh, ow) = pair(layer.outputPadding, 0)
        let weights = take(x.channels * kh * kw * layer.filters, &parameters)
        let biases = take(layer.filters, &parameters)
        var sums = ReferenceGrid.form(
            (x.height - 1) * sh - 2 * ph + dh * (kh - 1) + oh + 1,
            (x.width - 1) * sw - 2 * pw + dw * (kw - 1) + ow + 1, layer.filters
        ) { _, _, o in biases[o] }
        for (i, j) in (0..<x.height).flatMap({ i in (0..<x.width).map { (i, $0) } }) {
            for (a, b) in (0..<kh).flatMap({ a in (0..<kw).map { (a, $0) } }) {
                let (y, z) = (i * sh - ph + a * dh, j * sw - pw + b * dw)
                guard (0..<sums.height).contains(y), (0..<sums.width).contains(z) else { continue }
                for (c, o) in (0..<x.channels).flatMap({ c in (0..<layer.filters).map { (c, $0) } }) {
                    sums.values[(y * sums.width + z) * layer.filters + o] +=
                        x[i, j, c] * weights[((c * kh + a) * kw + b) * layer.filters + o]
                }
            }
        }
        return activate(layer.activation, sums)
    }

    private static func outputOf(_ layer: PoolingDescription, _ x: ReferenceGrid) -> ReferenceGrid {
        let ((kh, kw), (sh, sw)) = (pair(layer.size, 1), pair(layer.stride, 1))
        return .form((x.height - kh) / sh + 1, (x.width - kw) / sw + 1, x.channels) { i, j, c in
            let frame = (0..<kh).flatMap { a in (0..<kw).map { x[i * sh + a, j * sw + $0, c] } }
            return layer.method == .maximum
                ? frame.max() ?? 0 : frame.reduce(0, +) / Double(frame.count)
        }
    }

    private static func outputOf(
        _ layer: RecurrentDescription, _ x: ReferenceGrid, _ parameters: inout ArraySlice<Double>
    ) -> ReferenceGrid {
        let units = layer.units
        let gates = units * [.simple: 1, .lstm: 4, .gru: 3][layer.cell, default: 0]
        let weights = take(gates * x.channels, &parameters)
        let recurrent = take(gates * units, &parameters)
        let biases = take(gates, &parameters)
        let recurrentBias = layer.cell == .gru ? take(units, &parameters) : []
        var (h, cell) = ([Double](repeating: 0, count: units), [Double](repeating: 0, count: units))
        var states: [Double] = []
        for step in 0..<x.width {
            func fromInput(_ g: Int) -> Double {
                (0..<x.channels).reduce(biases[g]) { $0 + weights[g * x.channels + $1] * x[0, step, $1] }
            }
            func fromState(_ g: Int) -> Double { (0..<units).reduce(0) { $0 + recurrent[g * units + $1] * h[$1] } }
            func sum(_ g: Int) -> Double { fromInput(g) + fromState(g) }
            let next = (0..<units).map { u in
                switch layer.cell {
                case .simple: return Reference.tanh(sum(u))
                case .lstm:
                    let (i, f) = (Reference.sigmoid(sum(u)), Reference.sigmoid(sum(units + u)))
                    let (g, o) = (Reference.tanh(sum(2 * units + u)), Reference.sigmoid(sum(3 * units + u)))
                    cell[u] = f * cell[u] + i * g
                    return o * Reference.tanh(cell[u])
                case .gru:
                    let (r, z) = (Reference.sigmoid(sum(u)), Reference.sigmoid(sum(units + u)))
                    let n = 2 * units + u
                    return (1 - z) * Reference.tanh(fromInput(n) + r * (fromState(n) + recurrentBias[u])) + z * h[u]
                }
            }
            h = next
            states += next
        }
        let width = layer.returnsSequence ? x.width : 1
        return ReferenceGrid(height: 1, width: width, channels: units, values: Array(states.suffix(width * units)))
    }

    private static func outputOfNormalization(
        _ x: ReferenceGrid, _ parameters: inout ArraySlice<Double>
    ) -> ReferenceGrid {
        let (scale, shift) = (take(x.channels, &parameters), take(x.channels, &parameters))
        return .form(x.height, x.width, x.channels) { i, j, c in
            let row = (0..<x.channels).map { x[i, j, $0] }
            let mean = row.reduce(0, +) / Double(row.count)
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(row.count)
            return scale[c] * (x[i, j, c] - mean) / (variance + 1e-5).squareRoot() + shift[c]
        }
    }
}
