// SPDX-License-Identifier: Apache-2.0

import LinnetFederation

/// How machines learn in a comparison: all ways get the same network and make the same number of passes.
public struct ComparisonSettings: Sendable, Equatable {
    /// Widths of the encoder's layers; those that are no narrower than a row are left out.
    public var hidden: [Int]
    public var rounds: Int
    /// Passes over a machine's rows in a round, and of fine-tuning.
    public var passes: Int
    public var fineTuningPasses: Int
    public var strategy: StrategyDescription
    /// Models that a clustered federation holds; 0 for one more than half of the machines, so that a machine that is like no
    /// other finds one of its own.
    public var clusters: Int
    /// Rows of a machine that are trained on, at most; of more, every n-th.
    public var maximumRows: Int
    /// Weight of the newest error in the moving average that is the score, above 0 and at most 1.
    public var smoothing: Double
    /// Hours after which a machine has seen enough to know its own levels: a week, for most plants run by the week.
    public var settledHours: Int
    /// Hours that a machine's held-back rows must cover before they can say that another way is better than its first: a
    /// day, for what fewer of them hold is the time of day. Of eight servers of SMD with 12 hours or 2 days, three seeds,
    /// what other ways gained on held-back rows and what they gained on the test had a correlation of -0.5 to 0.1.
    public var evidenceHours: Int
    public var seed: UInt64

    public init(
        hidden: [Int] = [32, 16, 8], rounds: Int = 10, passes: Int = 2, fineTuningPasses: Int = 4,
        strategy: StrategyDescription = .standard, clusters: Int = 0, maximumRows: Int = 6000, smoothing: Double = 0.2,
        settledHours: Int = 168, evidenceHours: Int = 24, seed: UInt64 = 1
    ) {
        self.hidden = hidden
        self.rounds = rounds
        self.passes = passes
        self.fineTuningPasses = fineTuningPasses
        self.strategy = strategy
        self.clusters = clusters
        self.maximumRows = maximumRows
        self.smoothing = smoothing
        self.settledHours = settledHours
        self.evidenceHours = evidenceHours
        self.seed = seed
    }
}
