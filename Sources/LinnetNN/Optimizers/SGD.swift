// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Stochastic gradient descent, plain, with momentum, or with Nesterov's momentum.
///
/// With gradient g and velocity u, as PyTorch's `SGD` does it: `u = momentum * u + g`, `p = p - learningRate * u`, or
/// with Nesterov's look-ahead `p = p - learningRate * (g + momentum * u)` (Sutskever et al. 2013, rewritten for the
/// parameters looked ahead to). Keras puts the learning rate into u: the same as long as it does not change.
public struct SGD: Optimizer {
    public var learningRate: Float
    /// The share of the last step that goes on into this one, in [0, 1).
    public let momentum: Float
    /// Whether the step looks ahead along the velocity.
    public let isNesterov: Bool
    private var velocity: ParameterVector

    /// - Parameter count: the number of parameters, P.
    public init(learningRate: Float, momentum: Float = 0, isNesterov: Bool = false, count: Int) {
        self.learningRate = learningRate
        self.momentum = momentum
        self.isNesterov = isNesterov
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
        if isNesterov { parameters.add(gradient, times: -learningRate) }
        parameters.add(velocity, times: -learningRate * (isNesterov ? momentum : 1))
    }
}
