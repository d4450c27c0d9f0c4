// SPDX-License-Identifier: Apache-2.0

/// The memory of a ``ServerOptimizer``: what of the steps so far the next one needs.
public struct ServerOptimizerState: Sendable, Equatable {
    /// The optimizer that wrote it; empty before the first step.
    public let kind: String
    /// Steps taken, t.
    public let steps: Int
    /// The running mean of the steps, m, `[P]`; empty before the first step.
    public let momentum: [Float]
    /// The running mean of their squares, v, `[P]`; empty before the first step, or where the optimizer keeps none.
    public let secondMoment: [Float]

    /// The state before the first step.
    public init() { self.init(checked: "", steps: 0, momentum: [], secondMoment: []) }

    /// Takes over the parts of a state.
    ///
    /// - Throws: ``ServerStateError/implausible(_:)``.
    public init(
        kind: String, steps: Int, momentum: [Float], secondMoment: [Float]
    ) throws(ServerStateError) {
        guard kind.utf8.count <= Self.maximumKindLength else { throw .implausible("the optimizer's name is too long") }
        guard steps >= 0, steps <= Int(Int32.max) else { throw .implausible("\(steps) steps were taken") }
        guard (steps == 0) == kind.isEmpty, steps > 0 || momentum.isEmpty else {
            throw .implausible("a state before the first step holds nothing, one after it names its optimizer")
        }
        guard secondMoment.isEmpty || secondMoment.count == momentum.count else {
            throw .implausible("\(momentum.count) means and \(secondMoment.count) squares are of different models")
        }
        guard momentum.allSatisfy(\.isFinite), secondMoment.allSatisfy({ $0.isFinite && $0 >= 0 }) else {
            throw .implausible("a number is NaN, infinite, or a negative square")
        }
        self.init(checked: kind, steps: steps, momentum: momentum, secondMoment: secondMoment)
    }

    init(checked kind: String, steps: Int, momentum: [Float], secondMoment: [Float]) {
        self.kind = kind
        self.steps = steps
        self.momentum = momentum
        self.secondMoment = secondMoment
    }

    /// Most bytes of an optimizer's name.
    static let maximumKindLength = 32

    /// What an optimizer may go on with: this state, or nothing yet.
    ///
    /// - Throws: ``AggregationError/foreignState(found:expected:)`` or
    ///   ``AggregationError/wrongStateShape(found:expected:)``.
    func check(kind: String, count: Int, hasSecondMoment: Bool) throws(AggregationError) {
        guard steps > 0 else { return }
        guard self.kind == kind else { throw .foreignState(found: self.kind, expected: kind) }
        guard momentum.count == count else { throw .wrongStateShape(found: momentum.count, expected: count) }
        let squares = hasSecondMoment ? count : 0
        guard secondMoment.count == squares else {
            throw .wrongStateShape(found: secondMoment.count, expected: squares)
        }
    }
}
