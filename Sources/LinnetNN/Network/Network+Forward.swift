// SPDX-License-Identifier: Apache-2.0
//
// B rows, D input width, E output width.  x [B,D] -> y [B,E], layer after layer.

import LinnetNumerics

extension Network {
    /// Runs rows of input through the network, without allocating.
    ///
    /// - Parameters:
    ///   - input: row after row, `[rows, inputWidth]`.
    ///   - rows: at most `workspace.maximumBatch`.
    ///   - parameters: `[parameterCount]`.
    ///   - workspace: made for this network; not in use by any other thread.
    /// - Returns: the output `[rows, outputWidth]`, inside the workspace: valid until that is used again.
    public func reconstruct(
        _ input: UnsafeBufferPointer<Float>, rows: Int, parameters: ParameterVector, workspace: Workspace
    ) -> UnsafeBufferPointer<Float> {
        check(input.count, rows: rows, parameters: parameters)
        workspace.check(network: self, rows: rows)
        let output = workspace.outputs[layers.count - 1]
        if rows > 0, let x = input.baseAddress {
            parameters.withUnsafeBufferPointer { parameters in
                if let weights = parameters.baseAddress {
                    _ = forward(x, rows: rows, parameters: weights, workspace: workspace, isTraining: false)
                }
            }
        }
        return UnsafeBufferPointer(start: output, count: rows * outputWidth)
    }

    /// Runs rows of input through the network.
    ///
    /// - Parameters:
    ///   - input: `[rows, inputWidth]`.
    ///   - parameters: `[parameterCount]`.
    /// - Returns: the output, `[rows, outputWidth]`; an autoencoder's is the reconstruction.
    public func reconstruct(_ input: Matrix, parameters: ParameterVector) -> Matrix {
        let workspace = Workspace(network: self, maximumBatch: max(1, min(input.rows, 256)))
        var values: [Float] = []
        values.reserveCapacity(input.rows * outputWidth)
        input.withUnsafeBufferPointer { x in
            for start in stride(from: 0, to: input.rows, by: workspace.maximumBatch) {
                let end = min(start + workspace.maximumBatch, input.rows)
                let chunk = UnsafeBufferPointer(rebasing: x[start * inputWidth..<end * inputWidth])
                values += reconstruct(chunk, rows: end - start, parameters: parameters, workspace: workspace)
            }
        }
        return Matrix(rows: input.rows, columns: outputWidth, values: values)
    }

    /// Leaves every layer's output in `workspace.outputs`.
    ///
    /// - Returns: what the layers add to the loss.
    func forward(
        _ x: UnsafePointer<Float>, rows: Int, parameters: UnsafePointer<Float>, workspace: Workspace,
        isTraining: Bool
    ) -> Double {
        var penalty = 0.0
        for index in 0..<layers.count {
            penalty += layers.forward(
                index,
                workspace.pass(
                    at: index, x: x, rows: rows, parameters: parameters + layers.offset(index), isTraining: isTraining))
        }
        return penalty
    }

    func check(_ count: Int, rows: Int, parameters: ParameterVector) {
        precondition(
            parameters.count == parameterCount, "\(parameterCount) parameters are needed, got \(parameters.count)")
        precondition(count == rows * inputWidth, "\(count) values are not \(rows) rows of \(inputWidth)")
    }
}
