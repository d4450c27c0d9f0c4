// SPDX-License-Identifier: Apache-2.0

/// Which rule turns gradients into steps, with its constants named as in the literature.
///
///     TrainingSettings(optimizer: .adam)
///     TrainingSettings(learningRate: 0.01, optimizer: OptimizerDescription(method: .momentum, momentum: 0.95))
public struct OptimizerDescription: Codable, Sendable, Hashable {
    /// The rules that can be chosen.
    public enum Method: String, Codable, Sendable, CaseIterable {
        /// Plain stochastic gradient descent.
        case sgd
        /// Stochastic gradient descent with momentum.
        case momentum
        /// Adam.
        case adam
    }

    public var method: Method
    /// Of `.momentum` only, in [0, 1).
    public var momentum: Float
    /// Of `.adam` only, in [0, 1).
    public var beta1: Float
    /// Of `.adam` only, in [0, 1).
    public var beta2: Float
    /// Of `.adam` only, above 0.
    public var epsilon: Float

    /// Adam with the constants of its paper.
    public static let adam = OptimizerDescription(method: .adam)
    /// Plain stochastic gradient descent.
    public static let sgd = OptimizerDescription(method: .sgd)
    /// Stochastic gradient descent with momentum 0.9.
    public static let momentum = OptimizerDescription(method: .momentum)

    public init(
        method: Method, momentum: Float = 0.9, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8
    ) {
        self.method = method
        self.momentum = momentum
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
    }

    /// - Returns: the rule with empty memory, for `count` parameters.
    func makeOptimizer(learningRate: Float, count: Int) -> any Optimizer {
        switch method {
        case .sgd: SGD(learningRate: learningRate, count: count)
        case .momentum: SGD(learningRate: learningRate, momentum: momentum, count: count)
        case .adam: Adam(learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, count: count)
        }
    }
}
