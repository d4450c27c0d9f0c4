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
        case .dense(let dense): outputOfDense(dense, x, &parameters)
        case .activation(let activation): activate(activation, x)
        case .reshape(let sizes):
            ReferenceGrid(
                height: sizes.count > 2 ? sizes[0] : 1, width: sizes.count > 1 ? sizes[sizes.count - 2] : 1,
                channels: sizes[sizes.count - 1], values: x.values)
        case .flatten: ReferenceGrid(height: 1, width: 1, channels: x.values.count, values: x.values)
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

    private static func outputOfDense(
        _ dense: DenseDescription, _ x: ReferenceGrid, _ parameters: inout ArraySlice<Double>
    ) -> ReferenceGrid {
        let weights = take(dense.width * x.channels, &parameters)
        let biases = take(dense.width, &parameters)
        let sums = ReferenceGrid.form(x.height, x.width, dense.width) { i, j, o in
            (0..<x.channels).reduce(biases[o]) { $0 + weights[o * x.channels + $1] * x[i, j, $1] }
        }
        return activate(dense.activation, sums)
    }
}
