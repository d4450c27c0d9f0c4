// SPDX-License-Identifier: Apache-2.0

/// Range-based precision and recall (Tatbul et al. 2018, equations 1 to 6): events and alarms are compared as ranges, and an
/// event that is found in pieces counts for less than one found whole.
///
/// Flat positional bias; cardinality factor 1/(number of overlapping ranges); existence weight 0.2 for recall, 0 for
/// precision, as the authors of TSB-AD use them.
public struct RangeScore: Sendable, Hashable, Codable {
    public let precision: Double
    public let recall: Double

    static let existenceWeight = 0.2

    /// Both lists `[rows]`.
    public init(labels: [Bool], predictions: [Bool]) {
        precondition(labels.count == predictions.count, "\(labels.count) labels for \(predictions.count) predictions")
        let events = Runs.of(labels)
        let alarms = Runs.of(predictions)
        recall = Self.mean(of: events, covered: alarms, existence: Self.existenceWeight)
        precision = Self.mean(of: alarms, covered: events, existence: 0)
    }

    /// Harmonic mean of the two.
    public var f1: Double { precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0 }

    private static func mean(
        of ranges: [ClosedRange<Int>], covered others: [ClosedRange<Int>], existence: Double
    ) -> Double {
        guard !ranges.isEmpty else { return 0 }
        var sum = 0.0
        var first = 0
        for range in ranges {
            // Both lists are in order, so what ends before this range ends before all later ones.
            while first < others.count, others[first].upperBound < range.lowerBound { first += 1 }
            var pieces = 0
            var rows = 0
            var next = first
            while next < others.count, others[next].lowerBound <= range.upperBound {
                rows += others[next].clamped(to: range).count
                pieces += 1
                next += 1
            }
            guard pieces > 0 else { continue }
            sum += existence + (1 - existence) * Double(rows) / Double(range.count) / Double(pieces)
        }
        return sum / Double(ranges.count)
    }
}
