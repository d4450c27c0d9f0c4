// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Adagrad (Duchi, Hazan and Singer 2011): steps get shorter where gradients have been large.
///
/// With gradient g: `s = s + g²`, `p = p - learningRate * g / (sqrt(s) + epsilon)`. s starts at 0 and epsilon is 1e-10 as
/// in PyTorch; in Keras s starts at 0.1 and epsilon, 1e-7, stands under the root.
public struct Adagrad: Optimizer {
    public var learningRate: Float
    /// Keeps the quotient finite where the gradient has been zero so far.
    public let epsilon: Float
    private var squareSum: ParameterVector

    /// - Parameter count: the number of parameters, P.
    public init(learningRate: Float, epsilon: Float = 1e-10, count: Int) {
        self.learningRate = learningRate
        self.epsilon = epsilon
        squareSum = ParameterVector(repeating: 0, count: count)
    }

    public mutating func step(_ parameters: inout ParameterVector, along gradient: ParameterVector) {
        precondition(
            parameters.count == squareSum.count && gradient.count == squareSum.count,
            "Adagrad for \(squareSum.count) got \(parameters.count) parameters and a gradient of \(gradient.count)")
        let (rate, epsilon) = (learningRate, epsilon)
        gradient.withUnsafeBufferPointer { g in
            squareSum.withUnsafeMutableBufferPointer { s in
                parameters.withUnsafeMutableBufferPointer { p in
                    guard let gradient = g.baseAddress, let sum = s.baseAddress, let parameters = p.baseAddress
                    else { return }
                    for i in 0..<p.count {
                        let newSum = sum[i] + gradient[i] * gradient[i]
                        sum[i] = newSum
                        parameters[i] -= rate * gradient[i] / (Kernels.squareRoot(newSum) + epsilon)
                    }
                }
            }
        }
    }
}
