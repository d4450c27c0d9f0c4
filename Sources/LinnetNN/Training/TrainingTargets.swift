// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// What should come out for each row: what the caller says, or the end of the row itself.
///
/// A network whose output is as wide as its input reconstructs the row. One whose output is narrower forecasts: its
/// target is the last values of the row, which its layers must not look at.
struct TrainingTargets {
    let matrix: Matrix
    /// The column of `matrix` where a target begins.
    let firstColumn: Int
    /// Whether every target is its whole row of input.
    let areInputs: Bool

    init(_ targets: Matrix?, inputs: Matrix, width: Int) {
        matrix = targets ?? inputs
        firstColumn = targets == nil ? inputs.columns - width : 0
        areInputs = targets == nil && firstColumn == 0
    }
}
