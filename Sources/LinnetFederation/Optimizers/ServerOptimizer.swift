// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Turns the aggregate of a round into the next version by a step with a memory.
///
/// The aggregate minus the base is taken for a gradient (Reddi et al. 2021, arXiv 2003.00295, algorithm 2). The memory is
/// a value that goes in and comes out, so that it can be stored in one transaction with the version it belongs to: a
/// coordinator that dies between two rounds goes on as if it had not.
public protocol ServerOptimizer: Sendable {
    /// The optimizer and its numbers, for provenance and audit: `fedadam(learning rate 0.1, …)`.
    var name: String { get }
    /// Whose memory it is, in one word, `fedadam`: one optimizer does not go on with the memory of another.
    var stateKind: String { get }

    /// Takes one step.
    ///
    /// - Parameters:
    ///   - base: the current version, `[P]`, finite.
    ///   - aggregate: what an ``AggregationStrategy`` made of the updates, `[P]`, finite.
    ///   - state: what the last step left, or an empty state.
    /// - Returns: the next version, `[P]`, and the state to store with it; all finite.
    /// - Throws: ``AggregationError/wrongStateShape(found:expected:)``,
    ///   ``AggregationError/foreignState(found:expected:)`` or ``AggregationError/resultNotFinite(rule:)``.
    func step(
        from base: ParameterVector, towards aggregate: ParameterVector, state: ServerOptimizerState
    ) throws(AggregationError) -> (parameters: ParameterVector, state: ServerOptimizerState)
}
