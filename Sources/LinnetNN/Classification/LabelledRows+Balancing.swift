// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

extension LabelledRows {
    /// The rows with the same number of each class, those that came in first in their order; classes without rows stay
    /// without.
    ///
    /// - Parameter seed: decides which rows are repeated or left out, and what is added to them.
    /// - Throws: a number of the method that is out of its range, or what the training of a generator throws.
    public func balanced(by method: Balancing, seed: UInt64) throws(TrainingError) -> LabelledRows {
        try method.validate()
        var generator = SeededGenerator(seed: seed)
        switch method {
        case .none, .classWeights: return self
        case .undersampling: return undersampled(&generator)
        case .oversampling: return oversampled(&generator) { row, _ in row }
        case .jitter(let deviation):
            return oversampled(&generator) { row, generator in
                row.map { $0 + deviation * Float(generator.gaussian()) }
            }
        case .generation(let epochs): return try generated(epochs: epochs, seed: seed)
        }
    }

    /// The rows of each class.
    private var places: [[Int]] {
        var places = [[Int]](repeating: [], count: classes)
        for (row, label) in labels.enumerated() { places[label].append(row) }
        return places
    }

    private func undersampled(_ generator: inout SeededGenerator) -> LabelledRows {
        let places = places
        let least = places.map(\.count).filter { $0 > 0 }.min() ?? 0
        var kept: [Int] = []
        for rows in places {
            var order = (0..<Int32(clamping: rows.count)).map { $0 }
            generator.shuffle(&order)
            kept += order.prefix(least).map { rows[Int($0)] }
        }
        return rows(kept.sorted())
    }

    private func oversampled(
        _ generator: inout SeededGenerator, change: ([Float], inout SeededGenerator) -> [Float]
    ) -> LabelledRows {
        var result = self
        let places = places
        let most = places.map(\.count).max() ?? 0
        for (label, rows) in places.enumerated() where !rows.isEmpty {
            for _ in rows.count..<most {
                let row = rows[Int(generator.next() % UInt64(rows.count))]
                result.append(change(Array(inputs.row(row)), &generator), label: label)
            }
        }
        return result
    }

    private func generated(epochs: Int, seed: UInt64) throws(TrainingError) -> LabelledRows {
        var result = self
        let places = places
        let most = places.map(\.count).max() ?? 0
        for (label, rows) in places.enumerated() where !rows.isEmpty && rows.count < most {
            let known = self.rows(rows).inputs
            let made = try RowGenerator(learning: known, epochs: epochs, seed: seed)
                .rows(most - rows.count, seed: seed &+ UInt64(label))
            for row in 0..<made.rows { result.append(made.row(row), label: label) }
        }
        return result
    }
}
