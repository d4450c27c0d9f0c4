// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// One network as it is in use, one window at a time: what comes out, and how a derivative by that passes back to the input.
final class UsePass {
    let network: Network
    private let parameters: ParameterVector
    private let workspace: Workspace
    /// Of the parameters, which nobody asks for here.
    private var discarded: ParameterVector
    private(set) var output: [Float]

    /// - Parameter parameters: `[parameterCount]`.
    init(_ network: Network, _ parameters: ParameterVector) {
        self.network = network
        self.parameters = parameters
        workspace = Workspace(network: network, maximumBatch: 1)
        discarded = ParameterVector(repeating: 0, count: parameters.count)
        output = [Float](repeating: 0, count: network.outputWidth)
    }

    /// Leaves what comes out for `x` `[inputWidth]` in `output`.
    func forward(_ x: [Float]) {
        x.withUnsafeBufferPointer { x in
            let y = network.reconstruct(x, rows: 1, parameters: parameters, workspace: workspace)
            for i in output.indices { output[i] = y[i] }
        }
    }

    /// Adds to `slope` `[inputWidth]` the derivative by the input of the last `forward`.
    ///
    /// - Parameters:
    ///   - x: that input.
    ///   - outputSlope: the derivative by its output, `[outputWidth]`.
    func backward(_ x: [Float], outputSlope: [Float], addingTo slope: inout [Float]) {
        precondition(x.count == network.inputWidth && outputSlope.count == output.count && slope.count == x.count)
        var own = [Float](repeating: 0, count: x.count)
        for i in outputSlope.indices { workspace.delta[i] = outputSlope[i] }
        x.withUnsafeBufferPointer { x in
            own.withUnsafeMutableBufferPointer { own in
                parameters.withUnsafeBufferPointer { parameters in
                    discarded.withUnsafeMutableBufferPointer { discarded in
                        guard let x = x.baseAddress, let dx = own.baseAddress, let weights = parameters.baseAddress,
                            let slopes = discarded.baseAddress
                        else { return }
                        network.backward(
                            x, rows: 1, parameters: weights, gradient: slopes, inputSlope: dx, workspace: workspace,
                            isTraining: false)
                    }
                }
            }
        }
        for i in slope.indices { slope[i] += own[i] }
    }
}
