// SPDX-License-Identifier: Apache-2.0

import LinnetEvaluation
import LinnetNumerics

/// How a machine without labels chooses among models: the one that best tells its held-back normal rows from the same rows
/// with a fault drawn over them.
///
/// The rows are looked at in stretches, one after the other in time. A model that is better on the whole and worse in one
/// of them is better by what those hours happened to hold, and a machine with little of its own has few hours.
struct ModelChoice {
    private struct Stretch {
        let rows: Matrix
        let labels: [Bool]
    }

    private let stretches: [Stretch]

    /// Stretches of time that the rows are cut into: to be better in all six by luck alone has a chance of 1 in 64 (the sign
    /// test).
    private static let stretchCount = 6
    /// Rows that are drawn faults over, at most, of each stretch.
    private static let maximumRows = 100
    /// Sizes of the faults in standard deviations of the channel: faint ones tell models apart.
    private static let sizes: [Float] = [1, 2, 4]
    /// How much better than the first another model must be to be preferred to it.
    static let margin = 0.05

    /// - Parameters:
    ///   - held: normal rows that no candidate was trained on, in the order of time, `[rows, channels]`.
    ///   - scale: one unit of each channel, the same for all candidates.
    init(held: Matrix, scale: [Float], seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let count = min(Self.stretchCount, held.rows)
        stretches = (0..<count).map { number in
            let rows = held.rows(number * held.rows / count..<(number + 1) * held.rows / count)
            return Self.stretch(rows, scale: scale, using: &generator)
        }
    }

    private static func stretch(_ held: Matrix, scale: [Float], using generator: inout SeededGenerator) -> Stretch {
        let step = max(1, held.rows / maximumRows)
        var normal: [Float] = []
        var faulty: [Float] = []
        for row in stride(from: 0, to: held.rows, by: step) {
            let values = Array(held.row(row))
            normal += values
            for size in sizes {
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
        return Stretch(
            rows: Matrix(rows: (normal.count + faulty.count) / columns, columns: columns, values: normal + faulty),
            labels: [Bool](repeating: false, count: normal.count / columns)
                + [Bool](repeating: true, count: faulty.count / columns))
    }

    /// How well a model tells them apart in each stretch: the area under the ROC curve.
    func separations(of model: RowModel) -> [Double] {
        stretches.map { RankCurve(labels: $0.labels, scores: model.scores(of: $0.rows)).rocAUC ?? 0 }
    }

    /// The best of some models; the first one unless another is better by ``margin``, and nowhere worse.
    func best(of models: [RowModel]) -> Int {
        guard let model = models.first else { return 0 }
        let first = separations(of: model)
        var best = (number: 0, gain: Self.margin)
        for (number, model) in models.enumerated().dropFirst() {
            // Against the first: whoever stands in for it has to be better than it, not than each other alone.
            let gains = zip(separations(of: model), first).map { $0 - $1 }
            let gain = gains.reduce(0, +) / Double(max(1, gains.count))
            if gain > best.gain, gains.allSatisfy({ $0 >= 0 }) { best = (number, gain) }
        }
        return best.number
    }
}
