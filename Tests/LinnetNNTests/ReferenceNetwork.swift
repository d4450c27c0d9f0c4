// SPDX-License-Identifier: Apache-2.0

import LinnetNN
import LinnetNumerics

/// A dense network in Double, one sum at a time, that shares no code with the one under test.
struct ReferenceNetwork {
    var architecture: NetworkArchitecture

    /// - Returns: the output of one row, `[width of the last layer]`.
    func output(_ row: [Double], _ parameters: [Double]) -> [Double] {
        var input = row
        var offset = 0
        for layer in architecture.layers {
            let biases = offset + layer.width * input.count
            input = (0..<layer.width).map { o in
                var z = parameters[biases + o]
                for i in input.indices { z += parameters[offset + o * input.count + i] * input[i] }
                return activate(z, layer.activation)
            }
            offset = biases + layer.width
        }
        return input
    }

    /// - Returns: the mean squared error of `rows` against `targets`.
    func loss(_ rows: [[Double]], _ targets: [[Double]], _ parameters: [Double]) -> Double {
        var sum = 0.0
        for (row, target) in zip(rows, targets) {
            for (y, t) in zip(output(row, parameters), target) { sum += (y - t) * (y - t) }
        }
        return sum / Double(rows.count * architecture.inputWidth)
    }

    /// - Returns: the central difference quotient of the loss by each parameter.
    func gradient(_ rows: [[Double]], _ targets: [[Double]], _ parameters: [Double]) -> [Double] {
        let step = 1e-6
        return parameters.indices.map { i in
            var (above, below) = (parameters, parameters)
            above[i] += step
            below[i] -= step
            return (loss(rows, targets, above) - loss(rows, targets, below)) / (2 * step)
        }
    }

    private func activate(_ z: Double, _ activation: Activation) -> Double {
        switch activation {
        case .identity: z
        case .relu: Reference.relu(z)
        case .tanh: Reference.tanh(z)
        case .sigmoid: Reference.sigmoid(z)
        }
    }
}
