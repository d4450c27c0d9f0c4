// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Stochastic gradient descent, plain or with momentum.
///
/// With gradient g and velocity u, as PyTorch's `SGD` does it (Sutskever et al. 2013, without Nesterov's look-ahead):
/// `u = momentum * u + g`, `p = p - learningRate * u`.
public struct SGD: Optimizer {
    public let learningRate: Float
    /// The share of the last step that goes on into this one, in [0, 1).
    public let momentum: Float
    private var velocity: ParameterVector

    /// - Parameter count: the number of parameters, P.
    public init(learningRate: Float, momentum: Float = 0, count: Int) {
        self.learningRate = learningRate
        self.momentum = momentum
        velocity = ParameterVector(repeating: 0, count: momentum == 0 ? 0 : count)
    }

    public mutating func step(_ parameters: inout ParameterVector, along gradient: ParameterVector) {
        guard momentum != 0 else {
            parameters.add(gradient, times: -learningRate)
            return
        }
        precondition(gradient.count == velocity.count, "SGD for \(velocity.count) got \(gradient.count) parameters")
        let momentum = momentum
        gradient.withUnsafeBufferPointer { g in
            velocity.withUnsafeMutableBufferPointer { u in
                guard let g = g.baseAddress, let velocity = u.baseAddress else { return }
                for i in 0..<u.count { velocity[i] = momentum * velocity[i] + g[i] }
            }
        }
        parameters.add(velocity, times: -learningRate)
    }
}
