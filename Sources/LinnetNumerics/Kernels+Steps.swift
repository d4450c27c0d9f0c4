// SPDX-License-Identifier: Apache-2.0

import CKernels

extension Kernels {
    /// The numbers of one step of Adam, see ``step(_:along:means:squares:count:by:)``.
    public struct AdamStep: Sendable {
        /// How much of the mean gradient is kept.
        public var beta1: Float
        /// How much of the mean squared gradient is kept.
        public var beta2: Float
        /// The learning rate over the bias of the mean gradient.
        public var rate: Float
        /// What the root of the mean squared gradient is multiplied by, for its own bias.
        public var correction: Float
        public var epsilon: Float
        /// The share of a parameter that weight decay leaves.
        public var keep: Float

        public init(beta1: Float, beta2: Float, rate: Float, correction: Float, epsilon: Float, keep: Float) {
            self.beta1 = beta1
            self.beta2 = beta2
            self.rate = rate
            self.correction = correction
            self.epsilon = epsilon
            self.keep = keep
        }
    }

    /// Moves parameters along a gradient, and the means m and v with it; all `[count]`:
    /// `m = β1 m + (1-β1) g`, `v = β2 v + (1-β2) g²`, `p = keep p - rate m / (correction √v + ε)`.
    public static func step(
        _ parameters: UnsafeMutablePointer<Float>, along gradient: UnsafePointer<Float>,
        means: UnsafeMutablePointer<Float>, squares: UnsafeMutablePointer<Float>, count: Int, by step: AdamStep
    ) {
        let rule = linnet_adam(
            beta1: step.beta1, beta2: step.beta2, rate: step.rate, correction: step.correction, epsilon: step.epsilon,
            keep: step.keep)
        linnet_adam_step(rule, parameters, gradient, means, squares, count)
    }

    /// Turns the sums of the gates i, f, g and o of one row, `[4U]`, into the gates of an LSTM: `c = f before + i g`,
    /// `squashed = tanh(c)`, `state = o squashed`, all `[U]`.
    ///
    /// - Parameter next: receives c, where a step comes after this one.
    public static func lstmStep(
        _ gates: UnsafeMutablePointer<Float>, before: UnsafePointer<Float>, squashed: UnsafeMutablePointer<Float>,
        next: UnsafeMutablePointer<Float>?, state: UnsafeMutablePointer<Float>, units: Int
    ) {
        linnet_lstm_step(gates, before, squashed, next, state, units)
    }

    /// Passes the slope by the state, `[U]`, back through ``lstmStep(_:before:squashed:next:state:units:)``: the gates
    /// become the slopes by their sums, and the slope by c that by the cell before the step.
    public static func lstmBack(
        _ gates: UnsafeMutablePointer<Float>, before: UnsafePointer<Float>, squashed: UnsafePointer<Float>,
        slope: UnsafePointer<Float>, cellSlope: UnsafeMutablePointer<Float>, units: Int
    ) {
        linnet_lstm_back(gates, before, squashed, slope, cellSlope, units)
    }
}
