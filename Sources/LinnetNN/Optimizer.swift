// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Moves parameters one step against their gradient, remembering between steps what its rule needs.
public protocol Optimizer: Sendable {
    /// Takes one step; both vectors are `[P]`, the P the optimizer was made for. Does not allocate.
    mutating func step(_ parameters: inout ParameterVector, along gradient: ParameterVector)
}
