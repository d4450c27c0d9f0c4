// SPDX-License-Identifier: Apache-2.0

import LinnetEvaluation
import LinnetNumerics

/// How a machine without labels chooses among models: the one that best tells its held-back normal rows from the same rows
/// with a fault drawn over them.
struct ModelChoice {
    private let rows: Matrix
    private let labels: [Bool]

    /// Rows that are drawn faults over, at most.
    private static let maximumRows = 400
    /// Sizes of the faults in standard deviations of the channel: faint ones tell models apart.
    private static let sizes: [Float] = [1, 2, 4]
    /// How much better than the first another model must be to be preferred to it.
    static let margin = 0.05

    /// - Parameters:
    ///   - held: normal rows that no candidate was trained on, `[rows, channels]`.
    ///   - scale: one unit of each channel, the same for all candidates.
    init(held: Matrix, scale: [Float], seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let step = max(1, held.rows / Self.maximumRows)
        var normal: [Float] = []
        var faulty: [Float] = []
        for row in stride(from: 0, to: held.rows, by: step) {
            let values = Array(held.row(row))
            normal += values
            for size in Self.sizes {
                var broken = values
                // A fault shows on a few channels together.
                for _ in 0..<max(1, values.count / 8) {
                    let channel = Int(generator.uniform() * Double(values.count))
                    broken[channel] += (generator.uniform() < 0.5 ? -size : size) * scale[channel]
                }
                faulty += broken
            }
        }
        let columns = held.columns
        rows = Matrix(
            rows: (normal.count + faulty.count) / columns, columns: columns, values: normal + faulty)
        labels =
            [Bool](repeating: false, count: normal.count / columns)
            + [Bool](repeating: true, count: faulty.count / columns)
    }

    /// How well a model tells them apart: the area under the ROC curve.
    func separation(of model: RowModel) -> Double {
        RankCurve(labels: labels, scores: model.scores(of: rows)).rocAUC ?? 0
    }

    /// The best of some models; the first one unless another is better by ``margin``.
    func best(of models: [RowModel]) -> Int {
        var best = (number: 0, separation: 0.0)
        var first = 0.0
        for (number, model) in models.enumerated() {
            let separation = separation(of: model)
            // Against the first: whoever stands in for it has to be better than it, not than each other alone.
            if number == 0 || separation > max(best.separation, first + Self.margin) { best = (number, separation) }
            if number == 0 { first = separation }
        }
        return best.number
    }
}
