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
        /// Stochastic gradient descent with Nesterov's momentum.
        case nesterov
        /// Adagrad.
        case adagrad
        /// RMSprop.
        case rmsprop
        /// Adam.
        case adam
        /// Adam with decoupled weight decay.
        case adamw
    }

    public var method: Method
    /// Of `.momentum` and `.nesterov` only, in [0, 1).
    public var momentum: Float
    /// Of `.adam` and `.adamw` only, in [0, 1).
    public var beta1: Float
    /// Of `.adam` and `.adamw` only, in [0, 1).
    public var beta2: Float
    /// Of `.rmsprop` only, in [0, 1).
    public var rho: Float
    /// Of `.adagrad`, `.rmsprop`, `.adam` and `.adamw`, above 0.
    public var epsilon: Float
    /// Of `.adamw` only, at least 0: 0.01 is PyTorch's default; that of Keras is 0.004.
    public var weightDecay: Float

    /// Adam with the constants of its paper.
    public static let adam = OptimizerDescription(method: .adam)
    /// Plain stochastic gradient descent.
    public static let sgd = OptimizerDescription(method: .sgd)
    /// Stochastic gradient descent with momentum 0.9.
    public static let momentum = OptimizerDescription(method: .momentum)
    /// Stochastic gradient descent with Nesterov's momentum 0.9.
    public static let nesterov = OptimizerDescription(method: .nesterov)
    /// Adagrad with PyTorch's constants.
    public static let adagrad = OptimizerDescription(method: .adagrad, epsilon: 1e-10)
    /// RMSprop with PyTorch's constants.
    public static let rmsprop = OptimizerDescription(method: .rmsprop)
    /// Adam with the constants of its paper and weight decay 0.01.
    public static let adamw = OptimizerDescription(method: .adamw)

    public init(
        method: Method, momentum: Float = 0.9, beta1: Float = 0.9, beta2: Float = 0.999, rho: Float = 0.99,
        epsilon: Float = 1e-8, weightDecay: Float = 0.01
    ) {
        self.method = method
        self.momentum = momentum
        self.beta1 = beta1
        self.beta2 = beta2
        self.rho = rho
        self.epsilon = epsilon
        self.weightDecay = weightDecay
    }

    /// - Returns: the rule with empty memory, for `count` parameters.
    public func makeOptimizer(learningRate: Float, count: Int) -> any Optimizer {
        switch method {
        case .sgd: SGD(learningRate: learningRate, count: count)
        case .momentum: SGD(learningRate: learningRate, momentum: momentum, count: count)
        case .nesterov: SGD(learningRate: learningRate, momentum: momentum, isNesterov: true, count: count)
        case .adagrad: Adagrad(learningRate: learningRate, epsilon: epsilon, count: count)
        case .rmsprop: RMSprop(learningRate: learningRate, rho: rho, epsilon: epsilon, count: count)
        case .adam: Adam(learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, count: count)
        case .adamw:
            Adam(
                learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay,
                count: count)
        }
    }
}
