// SPDX-License-Identifier: Apache-2.0
//
// B rows, D input width, d_l the loss's derivative at layer l's sums z_l = y_{l-1} W_l^T + b_l.
//   loss = 1/(B D) sum (y_L - t)^2        d_L     = 2/(B D) (y_L - t) f_L'
//   dW_l = d_l^T y_{l-1}                  d_{l-1} = (d_l W_l) f_{l-1}'
//   db_l = column sums of d_l             (Rumelhart, Hinton and Williams 1986)

import LinnetNumerics

extension Network {
    /// Computes the mean squared error over all rows and columns and its gradient, without allocating.
    ///
    /// - Parameters:
    ///   - input: row after row, `[rows, inputWidth]`.
    ///   - target: what should come out, `[rows, inputWidth]`; an autoencoder's target is its input.
    ///   - rows: 1 to `workspace.maximumBatch`.
    ///   - parameters: `[parameterCount]`.
    ///   - gradient: receives the derivative of the error by each parameter, `[parameterCount]`.
    ///   - workspace: made for this network; not in use by any other thread.
    /// - Returns: the mean squared error.
    public func meanSquaredError(
        _ input: UnsafeBufferPointer<Float>, target: UnsafeBufferPointer<Float>, rows: Int,
        parameters: ParameterVector, gradient: inout ParameterVector, workspace: Workspace
    ) -> Double {
        check(input.count, rows: rows, parameters: parameters)
        check(target.count, rows: rows, parameters: gradient)
        workspace.check(network: self, rows: rows)
        guard rows > 0, let x = input.baseAddress, let t = target.baseAddress else {
            preconditionFailure("an error needs at least one row")
        }
        return parameters.withUnsafeBufferPointer { parameters in
            gradient.withUnsafeMutableBufferPointer { gradient in
                guard let weights = parameters.baseAddress, let slopes = gradient.baseAddress else { return 0 }
                forward(x, rows: rows, parameters: weights, workspace: workspace)
                return backward(
                    x, target: t, rows: rows, parameters: weights, gradient: slopes, workspace: workspace)
            }
        }
    }

    /// Computes the mean squared error alone, without allocating; parameters as of the other overload.
    public func meanSquaredError(
        _ input: UnsafeBufferPointer<Float>, target: UnsafeBufferPointer<Float>, rows: Int,
        parameters: ParameterVector, workspace: Workspace
    ) -> Double {
        let y = reconstruct(input, rows: rows, parameters: parameters, workspace: workspace)
        precondition(target.count == y.count && rows > 0, "an error needs a target for each of at least one row")
        guard let output = y.baseAddress, let t = target.baseAddress else { return 0 }
        let sum = Kernels.difference(output, t, times: 1, into: workspace.delta, count: y.count)
        return sum / Double(y.count)
    }

    /// Passes the error back through the layers whose outputs `forward` has left in the workspace.
    private func backward(
        _ x: UnsafePointer<Float>, target: UnsafePointer<Float>, rows: Int,
        parameters: UnsafePointer<Float>, gradient: UnsafeMutablePointer<Float>, workspace: Workspace
    ) -> Double {
        let last = layers.count - 1
        let count = rows * layers[last].outputs
        let sum = Kernels.difference(
            workspace.outputs[last], target, times: 2 / Float(count), into: workspace.delta, count: count)
        layers[last].activation.multiplyBySlope(workspace.delta, output: workspace.outputs[last], count: count)
        var index = last
        while index >= 0 {
            let layer = layers[index]
            let input = index > 0 ? UnsafePointer(workspace.outputs[index - 1]) : x
            Kernels.multiply(
                transposed: workspace.delta, by: input, into: gradient + layer.weightOffset,
                rows: rows, inputs: layer.inputs, outputs: layer.outputs)
            Kernels.columnSums(
                workspace.delta, into: gradient + layer.biasOffset, rows: rows, columns: layer.outputs)
            if index > 0 {
                Kernels.multiply(
                    workspace.delta, by: parameters + layer.weightOffset, into: workspace.nextDelta,
                    rows: rows, inputs: layer.inputs, outputs: layer.outputs)
                layers[index - 1].activation.multiplyBySlope(
                    workspace.nextDelta, output: input, count: rows * layer.inputs)
                workspace.advance()
            }
            index -= 1
        }
        return sum / Double(count)
    }
}
