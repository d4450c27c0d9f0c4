// SPDX-License-Identifier: Apache-2.0

import LinnetNN
import LinnetNumerics

/// A network in Double, one sum at a time, that shares no code with the one under test.
struct ReferenceNetwork {
    var architecture: NetworkArchitecture

    /// - Returns: the output of one row, `[width of the output]`.
    func output(_ row: [Double], _ parameters: [Double]) -> [Double] {
        var grid = ReferenceGrid(height: 1, width: 1, channels: row.count, values: row)
        var rest = parameters[...]
        for layer in architecture.layers { grid = ReferenceLayer.output(of: layer, grid, &rest) }
        precondition(rest.isEmpty, "\(rest.count) parameters are left over")
        return grid.values
    }

    /// - Returns: the mean squared error of `rows` against `targets`.
    func loss(_ rows: [[Double]], _ targets: [[Double]], _ parameters: [Double]) -> Double {
        var sum = 0.0
        var count = 0
        for (row, target) in zip(rows, targets) {
            for (y, t) in zip(output(row, parameters), target) {
                sum += (y - t) * (y - t)
                count += 1
            }
        }
        return sum / Double(count)
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
}

/// One row between two layers, `[height, width, channels]`.
struct ReferenceGrid {
    var height: Int
    var width: Int
    var channels: Int
    var values: [Double]

    /// Outside of the grid everything is zero.
    subscript(_ y: Int, _ x: Int, _ c: Int) -> Double {
        (0..<height).contains(y) && (0..<width).contains(x) ? values[(y * width + x) * channels + c] : 0
    }

    /// - Returns: a grid whose values are those of `value`.
    static func form(
        _ height: Int, _ width: Int, _ channels: Int, _ value: (Int, Int, Int) -> Double
    ) -> ReferenceGrid {
        var values: [Double] = []
        for y in 0..<height { for x in 0..<width { for c in 0..<channels { values.append(value(y, x, c)) } } }
        return ReferenceGrid(height: height, width: width, channels: channels, values: values)
    }
}
