// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// What happens to a model on one batch: a step of gradient descent, or a step of each player of a game.
///
/// It has allocated everything before the first batch.
protocol BatchTraining: AnyObject {
    /// Takes one step.
    ///
    /// - Parameters:
    ///   - x: `[rows, inputWidth]`; `target`: `[rows, outputWidth]`.
    ///   - epoch: counted from 0; `number`: of the step, counted from 0 over all epochs.
    /// - Returns: the loss before the step; not finite if the weights no longer are.
    func step(
        _ x: UnsafeBufferPointer<Float>, target: UnsafeBufferPointer<Float>, rows: Int, epoch: Int, number: Int
    ) -> Double

    /// - Returns: the loss of the model as it is in use.
    func loss(_ x: UnsafeBufferPointer<Float>, target: UnsafeBufferPointer<Float>, rows: Int) -> Double

    /// Writes the weights as they are now, `[parameterCount]`.
    func copyParameters(into parameters: inout ParameterVector)

    /// Whether every weight is.
    var isFinite: Bool { get }
}

/// Where a training begins.
struct TrainingStart {
    /// `[P]`; FedProx pulls the weights back to them.
    var parameters: ParameterVector
    /// Added to the gradient of every step, `[P]`.
    var correction: ParameterVector?
    /// Parameters that stay as they are.
    var frozen: [Range<Int>] = []

    /// - Returns: the same for a stretch of the parameters.
    func part(_ range: Range<Int>) -> TrainingStart {
        TrainingStart(
            parameters: ParameterVector(Array(parameters.values[range])),
            correction: correction.map { ParameterVector(Array($0.values[range])) },
            frozen: frozen.map { $0.clamped(to: range) }.filter { !$0.isEmpty }.map {
                $0.lowerBound - range.lowerBound..<$0.upperBound - range.lowerBound
            })
    }
}
