// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How the learning rate changes while a network is trained.
///
///     LearningRateSchedule(.cosine(epochs: 50), warmUpSteps: 100)
///
/// The decay is constant within an epoch, as in PyTorch's schedulers and the schedules of Keras; the warm-up goes step by
/// step (Goyal et al. 2017, section 2.2).
public struct LearningRateSchedule: Codable, Sendable, Hashable {
    /// By what the learning rate of the settings is multiplied in epoch e, from 0.
    public enum Decay: Codable, Sendable, Hashable {
        /// 1.
        case constant
        /// `factor` to the power of `e / epochs`, rounded down: PyTorch's `StepLR`.
        case step(epochs: Int, factor: Double)
        /// `factor` to the power of e: PyTorch's `ExponentialLR`.
        case exponential(factor: Double)
        /// From 1 down to `minimum` along half a cosine, reached at `epochs` and kept (Loshchilov and Hutter 2017, eq. 5
        /// without restarts): PyTorch's `CosineAnnealingLR`.
        case cosine(epochs: Int, minimum: Double = 0)
    }

    public var decay: Decay
    /// The number of steps at the start in which the learning rate rises evenly from 0; 0 for none.
    public var warmUpSteps: Int

    /// The learning rate of the settings throughout.
    public static let constant = LearningRateSchedule(.constant)

    public init(_ decay: Decay, warmUpSteps: Int = 0) {
        self.decay = decay
        self.warmUpSteps = warmUpSteps
    }

    /// - Parameters:
    ///   - epoch: counted from 0.
    ///   - step: counted from 0 over all epochs.
    /// - Returns: by what the learning rate is multiplied; positive or 0, never above 1 once `validate` has passed.
    public func factor(epoch: Int, step: Int) -> Double {
        let warmUp = step < warmUpSteps ? Double(step + 1) / Double(warmUpSteps) : 1
        switch decay {
        case .constant: return warmUp
        case .step(let epochs, let factor): return warmUp * pow(factor, Double(epoch / epochs))
        case .exponential(let factor): return warmUp * pow(factor, Double(epoch))
        case .cosine(let epochs, let minimum):
            let progress = min(1, Double(epoch) / Double(epochs))
            return warmUp * (minimum + (1 - minimum) * (1 + cos(Double.pi * progress)) / 2)
        }
    }

    /// Checks every number against its range.
    ///
    /// - Throws: `TrainingError.setting` for the first that is out of it.
    public func validate() throws(TrainingError) {
        try TrainingSettings.check("schedule.warmUpSteps", warmUpSteps, within: 0...1_000_000_000)
        switch decay {
        case .constant: break
        case .step(let epochs, let factor):
            try TrainingSettings.check("schedule.step.epochs", epochs, within: 1...100_000)
            try TrainingSettings.check("schedule.step.factor", factor, within: 1e-6...1)
        case .exponential(let factor):
            try TrainingSettings.check("schedule.exponential.factor", factor, within: 1e-6...1)
        case .cosine(let epochs, let minimum):
            try TrainingSettings.check("schedule.cosine.epochs", epochs, within: 1...100_000)
            try TrainingSettings.check("schedule.cosine.minimum", minimum, within: 0...1)
        }
    }
}
