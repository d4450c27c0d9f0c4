// SPDX-License-Identifier: Apache-2.0

/// What every possible threshold on a score would find: the ground of ROC and precision-recall curves.
///
/// A threshold alarms rows with a score at or above it, so rows of equal scores fall together.
public struct RankCurve: Sendable, Equatable {
    /// One distinct threshold and the counts of rows at or above it.
    public struct Step: Sendable, Equatable {
        public var threshold: Double
        public var truePositives: Int
        public var falsePositives: Int
    }

    /// From the highest threshold down.
    public let steps: [Step]
    public let positives: Int
    public let negatives: Int

    /// - Parameters:
    ///   - labels: whether each row is anomalous, `[rows]`.
    ///   - scores: higher is more anomalous, none of them NaN, `[rows]`.
    /// - Complexity: O(n log n).
    public init(labels: [Bool], scores: [Double]) {
        precondition(labels.count == scores.count, "\(labels.count) labels for \(scores.count) scores")
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        var steps: [Step] = []
        var found = 0
        var wrong = 0
        for (rank, row) in order.enumerated() {
            if labels[row] { found += 1 } else { wrong += 1 }
            if rank + 1 < order.count, scores[order[rank + 1]] == scores[row] { continue }
            steps.append(Step(threshold: scores[row], truePositives: found, falsePositives: wrong))
        }
        self.steps = steps
        positives = found
        negatives = wrong
    }

    /// The probability that a random anomalous row scores above a random normal one, ties counting half (area under the
    /// ROC curve by trapezoids; Fawcett 2006, algorithm 2). `nil` if one of the two kinds is missing.
    public var rocAUC: Double? {
        guard positives > 0, negatives > 0 else { return nil }
        var area = 0.0
        var last = (found: 0, wrong: 0)
        for step in steps {
            area += Double(step.falsePositives - last.wrong) * Double(step.truePositives + last.found) / 2
            last = (step.truePositives, step.falsePositives)
        }
        return area / (Double(positives) * Double(negatives))
    }

    /// Average precision: the sum over thresholds of the step in recall times the precision, without interpolation, which
    /// would flatter (Davis and Goadrich 2006). `nil` if no row is anomalous.
    public var averagePrecision: Double? {
        guard positives > 0 else { return nil }
        var sum = 0.0
        var last = 0
        for step in steps {
            let precision = Double(step.truePositives) / Double(step.truePositives + step.falsePositives)
            sum += Double(step.truePositives - last) * precision
            last = step.truePositives
        }
        return sum / Double(positives)
    }

    /// The largest point F1 that any threshold reaches. An oracle: it has seen the labels, and no threshold that was set
    /// beforehand reaches it.
    public var bestF1: Double {
        steps.map { step in
            Double(2 * step.truePositives) / Double(step.truePositives + step.falsePositives + positives)
        }.max() ?? 0
    }
}
