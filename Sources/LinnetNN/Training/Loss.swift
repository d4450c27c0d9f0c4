// SPDX-License-Identifier: Apache-2.0
//
// B rows, E values a row, K classes.  y [B,E] output, t [B,E] target, e = y - t; means are taken over all values, for the
// categorical loss over all places of all rows.

import LinnetNumerics

/// What a network's output is judged by.
///
///     TrainingSettings(loss: .meanAbsoluteError)
///     TrainingSettings(loss: .categoricalCrossEntropy(classWeights: [1, 20]))
public struct Loss: Codable, Sendable, Hashable {
    /// The formulas that can be chosen.
    public enum Formula: String, Codable, Sendable, CaseIterable {
        /// Mean of `e²`.
        case meanSquaredError
        /// Mean of `|e|`.
        case meanAbsoluteError
        /// Mean of `e²/2` up to δ, of `δ (|e| - δ/2)` beyond (Huber 1964).
        case huber
        /// Mean of `-(p t log σ(y) + (1-t) log(1-σ(y)))`; y are logits, not yet put through a sigmoid.
        case binaryCrossEntropy
        /// Mean of `-sum w_k t_k log softmax(y)_k`; y are logits, not yet put through a softmax, t shares of one.
        case categoricalCrossEntropy
    }

    public var formula: Formula
    /// δ of `.huber`, above 0; 1 as in PyTorch and Keras.
    public var delta: Float
    /// p of `.binaryCrossEntropy`, above 0: how much more a positive counts than a negative (PyTorch's `pos_weight`).
    public var positiveWeight: Float
    /// w of `.categoricalCrossEntropy`, one for each class; none means 1 for all.
    ///
    /// The mean is taken over the places, as by the `class_weight` of Keras; PyTorch divides by the sum of the weights.
    public var classWeights: [Float]

    public static let meanSquaredError = Loss(.meanSquaredError)
    public static let meanAbsoluteError = Loss(.meanAbsoluteError)
    /// Huber's loss with δ 1.
    public static let huber = Loss(.huber)
    public static let binaryCrossEntropy = Loss(.binaryCrossEntropy)
    public static let categoricalCrossEntropy = Loss(.categoricalCrossEntropy)

    public static func categoricalCrossEntropy(classWeights: [Float]) -> Loss {
        Loss(.categoricalCrossEntropy, classWeights: classWeights)
    }

    public init(_ formula: Formula, delta: Float = 1, positiveWeight: Float = 1, classWeights: [Float] = []) {
        self.formula = formula
        self.delta = delta
        self.positiveWeight = positiveWeight
        self.classWeights = classWeights
    }

    /// Checks every number against its range.
    ///
    /// - Throws: `TrainingError.setting` for the first that is out of it.
    public func validate() throws(TrainingError) {
        try TrainingSettings.check("loss.delta", delta, within: 1e-6...1e6)
        try TrainingSettings.check("loss.positiveWeight", positiveWeight, within: 1e-6...1e6)
        for (index, weight) in classWeights.enumerated() {
            try TrainingSettings.check("loss.classWeights.\(index)", weight, within: 0...1e6)
        }
    }

    /// Computes the loss, and writes its derivative by the output into `slope`, without allocating.
    ///
    /// - Parameters:
    ///   - y: `[rows, shape]`; `target` and `slope` too.
    ///   - shape: of one row of output; its channels are the classes.
    func evaluate(
        _ y: UnsafePointer<Float>, target: UnsafePointer<Float>, rows: Int, shape: LayerShape,
        slope: UnsafeMutablePointer<Float>
    ) -> Double {
        let count = rows * shape.count
        let share = 1 / Float(count)
        switch formula {
        case .meanSquaredError:
            return Kernels.difference(y, target, times: 2 * share, into: slope, count: count) / Double(count)
        case .meanAbsoluteError:
            return Kernels.absoluteError(y, target, times: share, into: slope, count: count) / Double(count)
        case .huber:
            return Kernels.huberError(y, target, delta: delta, times: share, into: slope, count: count) / Double(count)
        case .binaryCrossEntropy:
            return Kernels.binaryCrossEntropy(
                y, target, positiveWeight: positiveWeight, times: share, into: slope, count: count) / Double(count)
        case .categoricalCrossEntropy:
            let places = rows * shape.places
            return classWeights.withUnsafeBufferPointer { weights in
                Kernels.categoricalCrossEntropy(
                    y, target, weights: weights.count == shape.channels ? weights.baseAddress : nil,
                    times: 1 / Float(places), into: slope, rows: places, columns: shape.channels)
            } / Double(places)
        }
    }
}
