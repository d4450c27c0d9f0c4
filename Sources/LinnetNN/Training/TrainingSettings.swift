// SPDX-License-Identifier: Apache-2.0

/// How a network is trained. It travels in round offers, so whoever trains validates it first; `Trainer.fit` does.
public struct TrainingSettings: Codable, Sendable, Hashable {
    /// The most passes over the training rows, 1 to 100,000.
    public var epochs: Int
    /// The rows of one step, 1 to 65,536.
    public var batchSize: Int
    /// The length of a step, above 0 and at most 10.
    public var learningRate: Float
    public var optimizer: OptimizerDescription
    /// How the learning rate changes from epoch to epoch.
    public var schedule: LearningRateSchedule
    /// What is made as small as possible.
    public var loss: Loss
    /// Every element of the gradient is cut off at this size; 0 for never, at most 1e6.
    public var clipValue: Float
    /// A gradient of a greater Euclidean norm, taken over all parameters, is shortened to it (Pascanu et al. 2013); 0 for
    /// never, at most 1e6. It comes after `clipValue`, and is PyTorch's `clip_grad_norm_`, the `global_clipnorm` of Keras.
    public var clipNorm: Float
    /// Adds `l1 * sum |w|` over all weights, not biases, to what is made small: `L1` of Keras. 0 to 10.
    public var l1: Float
    /// Adds `l2 * sum w²` over all weights, not biases: `L2` of Keras, and half of PyTorch's `weight_decay`. 0 to 10.
    public var l2: Float
    /// Decides the order of the rows in each epoch: the same seed, data and start give the same weights, bit by bit.
    public var seed: UInt64
    /// The share of rows, from the end on, that is never trained on and judges when to stop; 0 to 0.9.
    public var validationShare: Double
    /// How many epochs in a row may pass without a better validation loss before training stops; 1 to 100,000.
    public var patience: Int
    /// μ of FedProx (Li et al. 2020, eq. 2): `μ/2 ||w - w₀||²` is added to the loss, w₀ being the weights at the start.
    ///
    /// It holds a participant with unusual data near the fleet's model. 0 turns it off; at most 1000.
    public var proximalMu: Float

    public init(
        epochs: Int = 10, batchSize: Int = 32, learningRate: Float = 1e-3, optimizer: OptimizerDescription = .adam,
        schedule: LearningRateSchedule = .constant, loss: Loss = .meanSquaredError, clipValue: Float = 0,
        clipNorm: Float = 0, l1: Float = 0, l2: Float = 0, seed: UInt64 = 1, validationShare: Double = 0.2,
        patience: Int = 3, proximalMu: Float = 0
    ) {
        self.epochs = epochs
        self.batchSize = batchSize
        self.learningRate = learningRate
        self.optimizer = optimizer
        self.schedule = schedule
        self.loss = loss
        self.clipValue = clipValue
        self.clipNorm = clipNorm
        self.l1 = l1
        self.l2 = l2
        self.seed = seed
        self.validationShare = validationShare
        self.patience = patience
        self.proximalMu = proximalMu
    }

    /// Checks every number against its range.
    ///
    /// - Throws: `TrainingError.setting` for the first that is out of it; NaN is out of every range.
    public func validate() throws(TrainingError) {
        try Self.check("epochs", epochs, within: 1...100_000)
        try Self.check("batchSize", batchSize, within: 1...65_536)
        try Self.check("patience", patience, within: 1...100_000)
        try Self.check("learningRate", learningRate, within: Float.leastNormalMagnitude...10)
        try Self.check("validationShare", validationShare, within: 0...0.9)
        try Self.check("proximalMu", proximalMu, within: 0...1000)
        try Self.check("optimizer.momentum", optimizer.momentum, within: 0...0.9999)
        try Self.check("optimizer.beta1", optimizer.beta1, within: 0...0.9999)
        try Self.check("optimizer.beta2", optimizer.beta2, within: 0...0.999_999)
        try Self.check("optimizer.rho", optimizer.rho, within: 0...0.999_999)
        try Self.check("optimizer.weightDecay", optimizer.weightDecay, within: 0...1)
        try Self.check("optimizer.epsilon", optimizer.epsilon, within: 1e-12...1)
        try Self.check("clipValue", clipValue, within: 0...1e6)
        try Self.check("clipNorm", clipNorm, within: 0...1e6)
        try Self.check("l1", l1, within: 0...10)
        try Self.check("l2", l2, within: 0...10)
        try schedule.validate()
        try loss.validate()
    }

    /// - Returns: the length of a step, by the schedule.
    func learningRate(epoch: Int, step: Int) -> Float {
        Float(Double(learningRate) * schedule.factor(epoch: epoch, step: step))
    }

    /// - Returns: by what a gradient of this norm is shortened; `nil` if it is not. PyTorch adds 1e-6 to the norm, which
    ///   this does too.
    func clipFactor(norm: Double) -> Float? {
        let factor = Double(clipNorm) / (norm + 1e-6)
        return factor < 1 ? Float(factor) : nil
    }

    static func check<Value>(
        _ name: String, _ value: Value, within range: ClosedRange<Value>
    ) throws(TrainingError) {
        guard range.contains(value) else {
            throw .setting(
                name: name, found: "\(value)", allowed: "between \(range.lowerBound) and \(range.upperBound)")
        }
    }
}
