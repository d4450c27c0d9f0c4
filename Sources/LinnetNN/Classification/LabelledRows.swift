// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Rows with a class each: what a supervised classifier learns from.
public struct LabelledRows: Sendable, Equatable {
    /// `[rows, inputWidth]`.
    public private(set) var inputs: Matrix
    /// The class of each row, from 0.
    public private(set) var labels: [Int]
    /// The number of classes, also of those that no row has.
    public let classes: Int

    /// - Parameter classes: 2 to 65,536.
    /// - Throws: `TrainingError` if a row has no label, or a label no class.
    public init(inputs: Matrix, labels: [Int], classes: Int) throws(TrainingError) {
        try TrainingSettings.check("classes", classes, within: 2...65_536)
        guard inputs.rows == labels.count else {
            throw .setting(name: "labels", found: "\(labels.count)", allowed: "one for each of \(inputs.rows) rows")
        }
        for (row, label) in labels.enumerated() where !(0..<classes).contains(label) {
            throw .setting(name: "the label of row \(row)", found: "\(label)", allowed: "0 to \(classes - 1)")
        }
        self.inputs = inputs
        self.labels = labels
        self.classes = classes
    }

    public var count: Int { labels.count }

    /// The rows of each class.
    public var counts: [Int] {
        var counts = [Int](repeating: 0, count: classes)
        for label in labels { counts[label] += 1 }
        return counts
    }

    /// What a network should put out for each row: 1 for its class and 0 for the others, `[rows, classes]`.
    public var targets: Matrix {
        var targets = Matrix(rows: count, columns: classes)
        for (row, label) in labels.enumerated() { targets[row, label] = 1 }
        return targets
    }

    /// Weights by which every class counts the same in a loss: `rows / (classes * rows of the class)`, as by the
    /// "balanced" of scikit-learn; 0 for a class without rows.
    public var balancedWeights: [Float] {
        counts.map { $0 > 0 ? Float(Double(count) / Double(classes * $0)) : 0 }
    }

    /// - Returns: the same rows in an order that the seed decides; for rows that have no order in time.
    public func shuffled(seed: UInt64) -> LabelledRows {
        var generator = SeededGenerator(seed: seed)
        var order = (0..<Int32(clamping: count)).map { $0 }
        generator.shuffle(&order)
        return rows(order.map(Int.init))
    }

    /// - Parameter places: any rows, in any order, also more than once.
    public func rows(_ places: [Int]) -> LabelledRows {
        var result = self
        result.inputs = Matrix(rows: 0, columns: inputs.columns)
        result.labels = []
        for place in places { result.append(inputs.row(place), label: labels[place]) }
        return result
    }

    /// The share of rows whose class is `predicted`.
    public func accuracy(of predicted: [Int]) -> Double {
        precondition(predicted.count == count, "\(predicted.count) predictions for \(count) rows")
        return count > 0 ? Double(zip(labels, predicted).count { $0 == $1 }) / Double(count) : 0
    }

    mutating func append(_ row: some Collection<Float>, label: Int) {
        inputs.appendRow(row)
        labels.append(label)
    }
}
