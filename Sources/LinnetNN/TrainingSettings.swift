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
        seed: UInt64 = 1, validationShare: Double = 0.2, patience: Int = 3, proximalMu: Float = 0
    ) {
        self.epochs = epochs
        self.batchSize = batchSize
        self.learningRate = learningRate
        self.optimizer = optimizer
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
        try Self.check("optimizer.epsilon", optimizer.epsilon, within: 1e-12...1)
    }

    private static func check<Value>(
        _ name: String, _ value: Value, within range: ClosedRange<Value>
    ) throws(TrainingError) {
        guard range.contains(value) else {
            throw .setting(
                name: name, found: "\(value)", allowed: "between \(range.lowerBound) and \(range.upperBound)")
        }
    }
}
