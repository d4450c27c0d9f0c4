// SPDX-License-Identifier: Apache-2.0

import LinnetNN
import LinnetNumerics

/// An autoencoder of single rows with its weights, and how rows are scaled for it.
struct RowModel: Sendable {
    let network: Network
    var parameters: ParameterVector
    let scaling: Scaling

    /// The score of each row: the moving average of the reconstruction errors up to it.
    ///
    /// - Parameter smoothing: the weight of the newest error, above 0 and at most 1.
    func scores(of rows: Matrix, smoothing: Double) -> [Double] {
        var average: Double?
        return scores(of: rows).map { error in
            let next = average.map { $0 + smoothing * (error - $0) } ?? error
            average = next
            return next
        }
    }

    /// The mean squared reconstruction error of each row, in squared scales.
    func scores(of rows: Matrix) -> [Double] {
        let standardized = scaling.standardize(rows)
        return Self.errors(network, parameters, standardized)
    }

    /// The mean squared reconstruction error of rows that are standardized already.
    static func errors(_ network: Network, _ parameters: ParameterVector, _ rows: Matrix) -> [Double] {
        let (width, batch) = (rows.columns, 256)
        let workspace = Workspace(network: network, maximumBatch: batch)
        var errors: [Double] = []
        errors.reserveCapacity(rows.rows)
        rows.withUnsafeBufferPointer { values in
            for first in stride(from: 0, to: rows.rows, by: batch) {
                let count = min(batch, rows.rows - first)
                let input = UnsafeBufferPointer(rebasing: values[first * width..<(first + count) * width])
                let output = network.reconstruct(input, rows: count, parameters: parameters, workspace: workspace)
                for row in 0..<count {
                    var sum = 0.0
                    for position in row * width..<(row + 1) * width {
                        let difference = Double(input[position] - output[position])
                        sum += difference * difference
                    }
                    let error = sum / Double(width)
                    errors.append(error.isFinite ? error : .greatestFiniteMagnitude)
                }
            }
        }
        return errors
    }
}
