// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// RMSprop (Tieleman and Hinton 2012, lecture 6.5): each gradient is divided by the root of its recent mean square.
///
/// With gradient g: `v = rho v + (1 - rho) g²`, `p = p - learningRate * g / (sqrt(v) + epsilon)`. rho is 0.99 and epsilon
/// 1e-8 as in PyTorch, which calls rho alpha; in Keras rho is 0.9 and epsilon, 1e-7, stands under the root.
public struct RMSprop: Optimizer {
    public var learningRate: Float
    /// How much of the mean squared gradient is kept from step to step, in [0, 1).
    public let rho: Float
    /// Keeps the quotient finite where the gradient has been zero so far.
    public let epsilon: Float
    private var meanSquare: ParameterVector

    /// - Parameter count: the number of parameters, P.
    public init(learningRate: Float, rho: Float = 0.99, epsilon: Float = 1e-8, count: Int) {
        self.learningRate = learningRate
        self.rho = rho
        self.epsilon = epsilon
        meanSquare = ParameterVector(repeating: 0, count: count)
    }

    public mutating func step(_ parameters: inout ParameterVector, along gradient: ParameterVector) {
        precondition(
            parameters.count == meanSquare.count && gradient.count == meanSquare.count,
            "RMSprop for \(meanSquare.count) got \(parameters.count) parameters and a gradient of \(gradient.count)")
        let (rate, rho, epsilon) = (learningRate, rho, epsilon)
        gradient.withUnsafeBufferPointer { g in
            meanSquare.withUnsafeMutableBufferPointer { v in
                parameters.withUnsafeMutableBufferPointer { p in
                    guard let gradient = g.baseAddress, let mean = v.baseAddress, let parameters = p.baseAddress
                    else { return }
                    for i in 0..<p.count {
                        let newMean = rho * mean[i] + (1 - rho) * gradient[i] * gradient[i]
                        mean[i] = newMean
                        parameters[i] -= rate * gradient[i] / (Kernels.squareRoot(newMean) + epsilon)
                    }
                }
            }
        }
    }
}
