// SPDX-License-Identifier: Apache-2.0

/// What came of one call of `Trainer.fit`. All losses are those of the settings, by default mean squared errors.
///
/// Those of an adversarial family are of the reconstruction alone, since an opponent's losses say little about progress; of
/// `usad` the held-out ones are of both reconstructions, as in the score.
public struct TrainingReport: Sendable, Codable, Hashable {
    /// The losses of one epoch.
    public struct EpochLoss: Sendable, Codable, Hashable {
        /// Over the training rows, each batch measured just before its step.
        public var training: Double
        /// Over the held-out rows after the epoch; the training loss if no rows are held out.
        public var validation: Double

        public init(training: Double, validation: Double) {
            self.training = training
            self.validation = validation
        }
    }

    /// One entry per epoch; the last one may have been cut short.
    public var epochs: [EpochLoss]
    /// The held-out loss of the weights that training started from; of all rows if none are held out.
    public var initialValidationLoss: Double
    /// The loss of the weights that were kept.
    public var bestValidationLoss: Double
    /// The epoch, from 1, after which the kept weights stood; 0 if training never improved on its start.
    public var bestEpoch: Int
    /// The optimizer's steps from the start to the kept weights.
    public var steps: Int
    public var trainingRows: Int
    /// The rows held out; 0 if there are too few or `validationShare` is 0: then the last epoch's weights are kept.
    public var validationRows: Int
    /// Whether patience ran out before the epochs did.
    public var stoppedEarly: Bool
    /// Whether `pause` ended the training.
    public var isInterrupted: Bool

    public init(
        epochs: [EpochLoss], initialValidationLoss: Double, bestValidationLoss: Double, bestEpoch: Int,
        steps: Int = 0, trainingRows: Int, validationRows: Int, stoppedEarly: Bool, isInterrupted: Bool = false
    ) {
        self.epochs = epochs
        self.initialValidationLoss = initialValidationLoss
        self.bestValidationLoss = bestValidationLoss
        self.bestEpoch = bestEpoch
        self.steps = steps
        self.trainingRows = trainingRows
        self.validationRows = validationRows
        self.stoppedEarly = stoppedEarly
        self.isInterrupted = isInterrupted
    }
}
