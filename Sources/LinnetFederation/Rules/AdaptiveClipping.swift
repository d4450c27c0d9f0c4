// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNumerics

/// Sets broken updates to zero and shortens long ones, at bounds that follow what updates usually are.
///
/// TFF's `robust_aggregator`, after Andrew et al. 2021 (arXiv 1905.03871, section 2): an update whose largest component
/// is above `2 Z + 1` counts as no change; the rest are shortened to length C. Z follows the 0.98 quantile of the largest
/// components, C the 0.8 quantile of the lengths, both by `C ← C · exp(-η (b - γ))`, where b is the share of updates that
/// lie at or below the estimate, γ the quantile and η the rate. A zeroed update keeps its weight, as in TFF: otherwise
/// a broken sensor would make everybody else's step longer.
///
/// It changes updates before a rule combines them; the two estimates are a value that is stored with the version.
public struct AdaptiveClipping: Sendable, Equatable {
    /// One bound's quantile γ, rate η and first estimate.
    public struct Tracking: Sendable, Equatable {
        public let quantile: Double
        public let rate: Double
        public let initial: Double

        /// - Parameters:
        ///   - quantile: 0 to 1.
        ///   - rate: above 0, at most 10.
        ///   - initial: from 1e-12 to 1e12.
        public init(quantile: Double, rate: Double, initial: Double) {
            precondition((0...1).contains(quantile), "a quantile is 0 to 1, got \(quantile)")
            precondition(rate > 0 && rate <= 10, "a rate is above 0 and at most 10, got \(rate)")
            precondition(AdaptiveClippingState.allowed.contains(initial), "an estimate is 1e-12 to 1e12")
            self.quantile = quantile
            self.rate = rate
            self.initial = initial
        }

        /// The next estimate, once `below` of `count` updates were seen at or below the last one.
        func next(_ estimate: Double, below: Int, of count: Int) -> Double {
            let share = Double(below) / Double(count)
            let moved = estimate * AdaptiveClipping.exponential(-rate * (share - quantile))
            let allowed = AdaptiveClippingState.allowed
            return min(max(moved, allowed.lowerBound), allowed.upperBound)
        }
    }

    /// What was done to the updates of a round.
    public struct Outcome: Sendable, Equatable {
        /// How much of its way from the base each update keeps, in agent order: 0 where it counts as no change.
        public var scales: [Double]
        /// The estimates for the next round.
        public var state: AdaptiveClippingState
        /// Whose update counts as no change.
        public var zeroed: [AgentID]
        /// Whose update was shortened.
        public var clipped: [AgentID]
    }

    /// How the largest component is followed.
    public let zeroing: Tracking
    /// How the length is followed.
    public let clipping: Tracking

    /// TFF's numbers.
    public init(
        zeroing: Tracking = Tracking(quantile: 0.98, rate: 2.302585092994046, initial: 10),
        clipping: Tracking = Tracking(quantile: 0.8, rate: 0.2, initial: 1)
    ) {
        self.zeroing = zeroing
        self.clipping = clipping
    }

    public var name: String {
        "adaptive clipping(quantiles \(zeroing.quantile) zeroing, \(clipping.quantile) length)"
    }

    /// The estimates before the first round.
    public var initialState: AdaptiveClippingState {
        AdaptiveClippingState(checkedZeroing: zeroing.initial, clipping: clipping.initial)
    }

    /// Zeroes and shortens updates.
    ///
    /// - Parameter state: what the last round left; nil for the first.
    /// - Throws: ``AggregationError``, if updates are not fit to be measured.
    /// - Complexity: O(contributions × P).
    public func apply(
        to updates: any UpdateSource, base: ParameterVector, state: AdaptiveClippingState?
    ) throws(AggregationError) -> Outcome {
        try updates.check(base: base)
        let norms = try updates.norms(from: base)
        let state = state ?? initialState
        var outcome = Outcome(scales: norms.map { _ in 1 }, state: state, zeroed: [], clipped: [])
        let limit = 2 * state.zeroing + 1
        var (belowZeroing, belowClipping) = (0, 0)
        try updates.readEach { row, parameters in
            let largest = Self.largestComponent(parameters, base)
            if largest <= state.zeroing { belowZeroing += 1 }
            if largest > limit {
                outcome.scales[row] = 0
                outcome.zeroed.append(updates.contributors[row].agent)
                // Its length is zero by now, which is below any estimate; TFF counts it so.
                belowClipping += 1
            } else if norms[row] <= state.clipping {
                belowClipping += 1
            } else {
                outcome.scales[row] = state.clipping / norms[row]
                outcome.clipped.append(updates.contributors[row].agent)
            }
        }
        outcome.state = AdaptiveClippingState(
            checkedZeroing: zeroing.next(state.zeroing, below: belowZeroing, of: norms.count),
            clipping: clipping.next(state.clipping, below: belowClipping, of: norms.count))
        return outcome
    }

    private static func largestComponent(_ parameters: ParameterVector, _ base: ParameterVector) -> Double {
        parameters.withUnsafeBufferPointer { values in
            base.withUnsafeBufferPointer { origin in
                var largest = 0.0
                for index in values.indices {
                    let component = (Double(values[index]) - Double(origin[index])).magnitude
                    largest = component > largest ? component : largest
                }
                return largest
            }
        }
    }

    /// eˣ for |x| ≤ 10, by its series: the same bits on every machine, which a library's `exp` does not promise.
    static func exponential(_ x: Double) -> Double {
        // Halved ten times the argument is at most 0.01, where eight terms are exact to the last bits.
        let reduced = x / 1024
        var (sum, term) = (1.0, 1.0)
        for order in 1...8 {
            term *= reduced / Double(order)
            sum += term
        }
        for _ in 0..<10 { sum *= sum }
        return sum
    }
}
