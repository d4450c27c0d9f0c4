// SPDX-License-Identifier: Apache-2.0

/// How many rows were alarmed rightly, wrongly, missed and rightly left alone, and the rates that follow.
///
/// A rate whose denominator is 0 is 0, as in the benchmarks' own code. Counts of several files add up: SKAB's leaderboard
/// pools them before it divides.
public struct ConfusionCounts: Sendable, Hashable, Codable {
    public var truePositives = 0
    public var falsePositives = 0
    public var falseNegatives = 0
    public var trueNegatives = 0

    /// The counts of no row.
    public init() {}

    /// - Parameters:
    ///   - labels: whether each row is anomalous, `[rows]`.
    ///   - predictions: whether each row was alarmed, `[rows]`.
    public init(labels: [Bool], predictions: [Bool]) {
        precondition(labels.count == predictions.count, "\(labels.count) labels for \(predictions.count) predictions")
        for (label, prediction) in zip(labels, predictions) {
            switch (label, prediction) {
            case (true, true): truePositives += 1
            case (false, true): falsePositives += 1
            case (true, false): falseNegatives += 1
            case (false, false): trueNegatives += 1
            }
        }
    }

    public static func + (left: ConfusionCounts, right: ConfusionCounts) -> ConfusionCounts {
        var sum = left
        sum.truePositives += right.truePositives
        sum.falsePositives += right.falsePositives
        sum.falseNegatives += right.falseNegatives
        sum.trueNegatives += right.trueNegatives
        return sum
    }

    /// Share of alarmed rows that are anomalous: TP / (TP + FP).
    public var precision: Double { Self.share(truePositives, of: truePositives + falsePositives) }
    /// Share of anomalous rows that were alarmed: TP / (TP + FN).
    public var recall: Double { Self.share(truePositives, of: truePositives + falseNegatives) }
    /// Harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN).
    public var f1: Double {
        Self.share(2 * truePositives, of: 2 * truePositives + falsePositives + falseNegatives)
    }
    /// Share of rows that were judged rightly.
    public var accuracy: Double {
        Self.share(
            truePositives + trueNegatives, of: truePositives + trueNegatives + falsePositives + falseNegatives)
    }
    /// Share of normal rows that were alarmed: FP / (FP + TN); SKAB's FAR, which it prints in percent.
    public var falseAlarmRate: Double { Self.share(falsePositives, of: falsePositives + trueNegatives) }
    /// Share of anomalous rows that were not: FN / (FN + TP); SKAB's MAR.
    public var missedAlarmRate: Double { Self.share(falseNegatives, of: falseNegatives + truePositives) }

    private static func share(_ part: Int, of whole: Int) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }
}
