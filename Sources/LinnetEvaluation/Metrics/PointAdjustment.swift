// SPDX-License-Identifier: Apache-2.0

/// Point adjustment (Xu et al. 2018): one alarmed row in a labelled run turns the whole run into found rows.
///
/// It uses the labels at prediction time, and random scores get results with it that papers call state of the art (Kim et
/// al. 2022). It is here so that old papers can be compared with, and is never shown without ``warning``.
public enum PointAdjustment {
    /// Stands beside every number that was adjusted.
    public static let warning =
        "point-adjusted F1 uses the labels: one hit fills a whole event, so that random scores look excellent; "
        + "compare it only with the random row"

    /// The predictions after adjustment.
    ///
    /// - Parameter share: a run is filled if more than this share of it is alarmed: 0 is plain point adjustment, above 0
    ///   PA%K (Kim et al. 2022, equation 9).
    public static func adjusted(labels: [Bool], predictions: [Bool], share: Double = 0) -> [Bool] {
        precondition(labels.count == predictions.count, "\(labels.count) labels for \(predictions.count) predictions")
        var adjusted = predictions
        for run in Runs.of(labels) {
            let hits = run.count { predictions[$0] }
            guard Double(hits) / Double(run.count) > share else { continue }
            for row in run { adjusted[row] = true }
        }
        return adjusted
    }

    /// The point F1 of adjusted predictions.
    public static func f1(labels: [Bool], predictions: [Bool], share: Double = 0) -> Double {
        ConfusionCounts(
            labels: labels, predictions: adjusted(labels: labels, predictions: predictions, share: share)
        ).f1
    }

    /// The largest adjusted F1 that any threshold on a score reaches: an oracle on a flattering number.
    ///
    /// - Returns: `nil` if no row is labelled.
    public static func bestF1(labels: [Bool], scores: [Double]) -> Double? {
        precondition(labels.count == scores.count, "\(labels.count) labels for \(scores.count) scores")
        let runs = Runs.of(labels)
        guard !runs.isEmpty else { return nil }
        // A run counts in full at every threshold up to its highest score, so only those can be the best.
        let tops = runs.map { run in (score: run.reduce(-Double.infinity) { max($0, scores[$1]) }, rows: run.count) }
            .sorted { $0.score > $1.score }
        let normal = zip(labels, scores).filter { !$0.0 }.map(\.1).sorted(by: >)
        let positives = runs.reduce(0) { $0 + $1.count }
        var best = 0.0
        var found = 0
        var wrong = 0
        for top in tops {
            found += top.rows
            while wrong < normal.count, normal[wrong] >= top.score { wrong += 1 }
            best = max(best, Double(2 * found) / Double(found + wrong + positives))
        }
        return best
    }
}
