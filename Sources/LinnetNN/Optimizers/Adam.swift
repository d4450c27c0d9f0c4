// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Adam (Kingma and Ba 2015, algorithm 1), with epsilon added after the bias correction as PyTorch does.
///
/// With gradient g at step t: `m = β1 m + (1-β1) g`, `v = β2 v + (1-β2) g²`,
/// `p = (1 - learningRate * weightDecay) p - learningRate * m/(1-β1^t) / (sqrt(v/(1-β2^t)) + epsilon)`.
/// With a weight decay above zero this is AdamW (Loshchilov and Hutter 2019, algorithm 2): the decay stays out of the
/// averages, and takes hold of every parameter, biases too. Keras adds epsilon before the bias correction, as the
/// paper's second form does: its default of 1e-7 is nearly the same.
public struct Adam: Optimizer {
    public var learningRate: Float
    /// How much of the mean gradient is kept from step to step, in [0, 1).
    public let beta1: Float
    /// How much of the mean squared gradient is kept from step to step, in [0, 1).
    public let beta2: Float
    /// Keeps the quotient finite where the gradient has been zero so far.
    public let epsilon: Float
    /// The share of every parameter that a step of length 1 would take away, at least 0.
    public let weightDecay: Float

    private var mean: ParameterVector
    private var meanSquare: ParameterVector
    // β1^t and β2^t in Double: a Float's β2^t is off by percents after some thousand steps.
    private var beta1Power = 1.0
    private var beta2Power = 1.0

    /// - Parameter count: the number of parameters, P.
    public init(
        learningRate: Float, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8,
        weightDecay: Float = 0, count: Int
    ) {
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
        mean = ParameterVector(repeating: 0, count: count)
        meanSquare = ParameterVector(repeating: 0, count: count)
    }

    public mutating func step(_ parameters: inout ParameterVector, along gradient: ParameterVector) {
        precondition(
            parameters.count == mean.count && gradient.count == mean.count,
            "Adam for \(mean.count) got \(parameters.count) parameters and a gradient of \(gradient.count)")
        beta1Power *= Double(beta1)
        beta2Power *= Double(beta2)
        let step = Kernels.AdamStep(
            beta1: beta1, beta2: beta2, rate: Float(Double(learningRate) / (1 - beta1Power)),
            correction: Float(1 / (1 - beta2Power).squareRoot()), epsilon: epsilon,
            keep: 1 - learningRate * weightDecay)
        gradient.withUnsafeBufferPointer { g in
            mean.withUnsafeMutableBufferPointer { m in
                meanSquare.withUnsafeMutableBufferPointer { v in
                    parameters.withUnsafeMutableBufferPointer { p in
                        guard let gradient = g.baseAddress, let mean = m.baseAddress, let square = v.baseAddress,
                            let parameters = p.baseAddress
                        else { return }
                        Kernels.step(
                            parameters, along: gradient, means: mean, squares: square, count: p.count, by: step)
                    }
                }
            }
        }
    }
}
