// SPDX-License-Identifier: Apache-2.0
//
// B rows, E output width, d_l the loss's derivative by layer l's output.
//   loss = L(y_L, t) + what layers add      d_L = dL/dy_L      d_{l-1} from d_l by layer l
//   (Rumelhart, Hinton and Williams 1986)

import LinnetNumerics

extension Network {
    /// Computes a loss over a batch and its gradient, without allocating; a companion has no part in it.
    ///
    /// - Parameters:
    ///   - loss: what the output is judged by; what layers add is added to it.
    ///   - input: row after row, `[rows, inputWidth]`.
    ///   - target: what should come out, `[rows, outputWidth]`; an autoencoder's target is its input.
    ///   - rows: 1 to `workspace.maximumBatch`.
    ///   - parameters: `[parameterCount]`.
    ///   - gradient: receives the derivative of the loss by each parameter, `[parameterCount]`.
    ///   - workspace: made for this network; not in use by any other thread.
    /// - Returns: the loss, of the network as it is in training: layers that act only then are active.
    public func loss(
        _ loss: Loss, of input: UnsafeBufferPointer<Float>, target: UnsafeBufferPointer<Float>, rows: Int,
        parameters: ParameterVector, gradient: inout ParameterVector, workspace: Workspace
    ) -> Double {
        check(input.count, rows: rows, parameters: parameters)
        precondition(target.count == rows * outputWidth, "\(target.count) targets of \(rows) rows of \(outputWidth)")
        precondition(gradient.count == parameterCount, "a gradient of \(gradient.count) for \(parameterCount)")
        workspace.check(network: self, rows: rows)
        guard rows > 0, let x = input.baseAddress, let t = target.baseAddress else {
            preconditionFailure("a loss needs at least one row")
        }
        return parameters.withUnsafeBufferPointer { parameters in
            gradient.withUnsafeMutableBufferPointer { gradient in
                guard let weights = parameters.baseAddress, let slopes = gradient.baseAddress else { return 0 }
                (slopes + layers.parameterCount).update(
                    repeating: 0, count: parameterCount - layers.parameterCount)
                let penalty = forward(
                    x, rows: rows, parameters: weights, workspace: workspace, isTraining: true)
                let error = loss.evaluate(
                    workspace.outputs[layers.count - 1], target: t, rows: rows, shape: layers.outputShape,
                    slope: workspace.delta)
                backward(x, rows: rows, parameters: weights, gradient: slopes, inputSlope: nil, workspace: workspace)
                return error + penalty
            }
        }
    }

    /// Computes the loss alone, of the network as it is in use, without allocating; parameters as of the other overload.
    public func loss(
        _ loss: Loss, of input: UnsafeBufferPointer<Float>, target: UnsafeBufferPointer<Float>, rows: Int,
        parameters: ParameterVector, workspace: Workspace
    ) -> Double {
        check(input.count, rows: rows, parameters: parameters)
        precondition(target.count == rows * outputWidth, "\(target.count) targets of \(rows) rows of \(outputWidth)")
        workspace.check(network: self, rows: rows)
        guard rows > 0, let x = input.baseAddress, let t = target.baseAddress else {
            preconditionFailure("a loss needs at least one row")
        }
        return parameters.withUnsafeBufferPointer { parameters in
            guard let weights = parameters.baseAddress else { return 0 }
            let penalty = forward(x, rows: rows, parameters: weights, workspace: workspace, isTraining: false)
            return penalty
                + loss.evaluate(
                    workspace.outputs[layers.count - 1], target: t, rows: rows, shape: layers.outputShape,
                    slope: workspace.delta)
        }
    }

    /// Moves the parameters that are not trained but follow the data, such as the running means of a batch
    /// normalization, to what the last `loss` with a gradient has found; called after each step of the optimizer.
    ///
    /// - Parameters:
    ///   - parameters: those after the step.
    ///   - rows: of that batch.
    ///   - workspace: of that `loss`.
    public func updateStatistics(_ parameters: inout ParameterVector, rows: Int, workspace: Workspace) {
        guard !statisticalLayers.isEmpty else { return }
        precondition(parameters.count == parameterCount, "\(parameters.count) parameters for \(parameterCount)")
        workspace.check(network: self, rows: rows)
        parameters.withUnsafeMutableBufferPointer { parameters in
            guard let first = parameters.baseAddress else { return }
            for index in statisticalLayers {
                let own = first + layers.offset(index)
                let pass = workspace.pass(at: index, x: workspace.delta, rows: rows, parameters: own, isTraining: true)
                layers.layers[index].updateStatistics(pass, parameters: own)
            }
        }
    }

    /// Passes the derivative in `workspace.delta` back through the layers whose outputs `forward` has left there.
    ///
    /// - Parameters:
    ///   - inputSlope: receives the loss's derivative by the input, `[rows, inputWidth]`, if it is wanted.
    ///   - isTraining: what `forward` was told.
    func backward(
        _ x: UnsafePointer<Float>, rows: Int, parameters: UnsafePointer<Float>,
        gradient: UnsafeMutablePointer<Float>, inputSlope: UnsafeMutablePointer<Float>?, workspace: Workspace,
        isTraining: Bool = true
    ) {
        var index = layers.count - 1
        while index >= 0 {
            let offset = layers.offset(index)
            layers.backward(
                index,
                workspace.pass(at: index, x: x, rows: rows, parameters: parameters + offset, isTraining: isTraining),
                LayerSlopes(
                    output: workspace.delta, input: index > 0 ? workspace.nextDelta : inputSlope,
                    parameters: gradient + offset))
            workspace.advance()
            index -= 1
        }
    }
}
