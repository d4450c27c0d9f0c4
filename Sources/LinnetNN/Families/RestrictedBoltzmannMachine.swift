// SPDX-License-Identifier: Apache-2.0
//
// Legend: B rows, V visible and H hidden units.  v [B,V]  W [H,V]  a [V]  c [H]
//   p(h|v) = sigmoid(v W^T + c)      v' = h W + a for Gaussian visible units, its sigmoid for binary ones
//   contrastive divergence with one step (Hinton 2002): h0 drawn from p(h|v0), v1 = v'(h0)
//   W += r/B (p(h|v0)^T v0 - p(h|v1)^T v1)      a += r mean(v0 - v1)      c += r mean(p(h|v0) - p(h|v1))

import LinnetNumerics

/// Two layers of units that learn each other's distribution without a target.
final class RestrictedBoltzmannMachine {
    let visible: Int
    let hidden: Int
    /// Whether visible units are standardized readings with unit variance, or shares of one.
    let isGaussian: Bool
    private(set) var weights: [Float]
    private(set) var visibleBias: [Float]
    private(set) var hiddenBias: [Float]

    private var probabilities: [Float]
    private var sample: [Float]
    private var reconstruction: [Float]
    private var positive: [Float]
    private var negative: [Float]

    /// Draws the first weights within Glorot's bound.
    ///
    /// - Parameter maximumBatch: the most rows of one step.
    init(visible: Int, hidden: Int, isGaussian: Bool, maximumBatch: Int, generator: inout SeededGenerator) {
        self.visible = visible
        self.hidden = hidden
        self.isGaussian = isGaussian
        let bound = (6 / Double(visible + hidden)).squareRoot()
        weights = (0..<visible * hidden).map { _ in Float(bound * (2 * generator.uniform() - 1)) }
        visibleBias = [Float](repeating: 0, count: visible)
        hiddenBias = [Float](repeating: 0, count: hidden)
        probabilities = [Float](repeating: 0, count: maximumBatch * hidden)
        sample = probabilities
        reconstruction = [Float](repeating: 0, count: maximumBatch * visible)
        positive = [Float](repeating: 0, count: visible * hidden)
        negative = positive
    }

    /// Whether every weight and bias is.
    var isFinite: Bool {
        [weights, visibleBias, hiddenBias].allSatisfy { $0.withUnsafeBufferPointer(Kernels.isFinite) }
    }

    /// Writes p(h|v) `[rows, hidden]` for `v` `[rows, visible]`.
    func hiddenProbabilities(_ v: UnsafePointer<Float>, rows: Int, into h: UnsafeMutablePointer<Float>) {
        Kernels.multiply(v, byTransposed: weights, into: h, rows: rows, inputs: visible, outputs: hidden)
        Kernels.addBias(hiddenBias, to: h, rows: rows, columns: hidden) { Kernels.sigmoid($0) }
    }

    /// Takes one step along the contrastive divergence of a batch `v` `[rows, visible]`.
    func step(_ v: UnsafePointer<Float>, rows: Int, learningRate: Float, generator: inout SeededGenerator) {
        hiddenProbabilities(v, rows: rows, into: &probabilities)
        for i in 0..<rows * hidden { sample[i] = generator.uniform() < Double(probabilities[i]) ? 1 : 0 }
        Kernels.multiply(sample, by: weights, into: &reconstruction, rows: rows, inputs: visible, outputs: hidden)
        if isGaussian {
            Kernels.addBias(visibleBias, to: &reconstruction, rows: rows, columns: visible)
        } else {
            Kernels.addBias(visibleBias, to: &reconstruction, rows: rows, columns: visible) { Kernels.sigmoid($0) }
        }
        Kernels.multiply(
            transposed: probabilities, by: v, into: &positive, rows: rows, inputs: visible, outputs: hidden)
        hiddenProbabilities(reconstruction, rows: rows, into: &sample)
        Kernels.multiply(
            transposed: sample, by: reconstruction, into: &negative, rows: rows, inputs: visible, outputs: hidden)

        let rate = learningRate / Float(rows)
        for i in 0..<weights.count { weights[i] += rate * (positive[i] - negative[i]) }
        for row in 0..<rows {
            for i in 0..<visible { visibleBias[i] += rate * (v[row * visible + i] - reconstruction[row * visible + i]) }
            for i in 0..<hidden { hiddenBias[i] += rate * (probabilities[row * hidden + i] - sample[row * hidden + i]) }
        }
    }
}
