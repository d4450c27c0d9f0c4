// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Moves parameters one step against their gradient, remembering between steps what its rule needs.
public protocol Optimizer: Sendable {
    /// The length of the next step; a schedule changes it from step to step.
    var learningRate: Float { get set }
    /// Takes one step; both vectors are `[P]`, the P the optimizer was made for. Does not allocate.
    mutating func step(_ parameters: inout ParameterVector, along gradient: ParameterVector)
}
