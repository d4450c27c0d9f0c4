// SPDX-License-Identifier: Apache-2.0

/// What was measured of one candidate: why it was recommended, or not.
public struct TuningEvidence: Sendable, Codable, Hashable {
    public var family: String
    public var windowLength: Int
    /// Area under the precision-recall curve of the faults, drawn or labelled: how well scores rank, 0 to 1.
    public var ranking: Double
    /// Rank correlation of its scores with those of the same candidate that has learned from the older half alone: 1 means
    /// that more data would change nothing.
    public var stability: Double
    /// How far the share of alarmed rows of held-out normal data is from the aimed one, in powers of ten.
    public var heldOutError: Double
    /// The three together; see ``merit(ranking:stability:heldOutError:)``.
    public var merit: Double
    /// Seconds to learn and to score.
    public var seconds: Double

    /// A point of ranking is worth ten of the others: they are there to tell equals apart, and to keep out what can rank
    /// but not hold a threshold.
    public static func merit(ranking: Double, stability: Double, heldOutError: Double) -> Double {
        ranking - 0.1 * (1 - stability) - 0.1 * min(heldOutError, 2)
    }
}
