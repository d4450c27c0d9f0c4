// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFederation
import LinnetNumerics
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Adaptive clipping")
struct AdaptiveClippingTests {
    private let origin = ParameterVector(repeating: 0, count: 2)
    private let clipping = AdaptiveClipping()

    private func apply(
        to contributions: [Contribution], state: AdaptiveClippingState?
    ) throws -> AdaptiveClipping.Outcome {
        try clipping.apply(to: ContributedUpdates(contributions), base: origin, state: state)
    }

    @Test("the first round zeroes above 21 and shortens to 1, as TFF does")
    func firstRound() throws {
        let updates = try [
            contribution("a", [0.6, 0]), contribution("b", [3, 4]), contribution("c", [21, 0]),
            contribution("d", [0, -21.5]), contribution("e", [1e30, 0]),
        ]
        let outcome = try apply(to: updates, state: nil)

        #expect(outcome.scales == [1, 0.2, 1.0 / 21, 0, 0])
        // A zeroed update keeps its weight: the mean of [0.6, 0], [0.6, 0.8], [1, 0] and two that count as no change.
        let rule = ServerRule(clipping: clipping, aggregation: FederatedAveraging(maximumWeight: 10))
        #expect(isClose(try rule.apply(to: updates, onto: origin).parameters, [2.2 / 5, 0.8 / 5]))
        #expect(outcome.zeroed.map(\.rawValue) == ["d", "e"])
        #expect(outcome.clipped.map(\.rawValue) == ["b", "c"])
        // Z: two of five are at or below 10: 10 · exp(-ln 10 (0.4 - 0.98)). C: three of five, with the zeroed ones.
        #expect(abs(outcome.state.zeroing - 10 * exp(-log(10) * (0.4 - 0.98))) < 1e-9)
        #expect(abs(outcome.state.clipping - exp(-0.2 * (0.6 - 0.8))) < 1e-12)
    }

    @Test("the length settles at the quantile that it follows")
    func settles() throws {
        // A hundred lengths, 0.01 to 1.00; from 1 the bound falls to 0.8, and stays.
        let updates = try (1...100).map { try contribution("agent-\($0)", [Float($0) / 100, 0]) }
        var state = clipping.initialState
        for _ in 0..<300 { state = try apply(to: updates, state: state).state }

        #expect(abs(state.clipping - 0.8) < 0.02)
        let late = try apply(to: updates, state: state)
        #expect((15...25).contains(late.clipped.count))
    }

    @Test("bounds rise where most updates are longer: the share below counts, not the share above")
    func direction() throws {
        let long = try (0..<4).map { try contribution("agent-\($0)", [5, 5]) }
        let short = try (0..<4).map { try contribution("agent-\($0)", [0.01, 0]) }

        #expect(try apply(to: long, state: nil).state.clipping > 1)
        #expect(try apply(to: short, state: nil).state.clipping < 1)
    }

    @Test("the estimates can neither die out nor run away")
    func bounds() throws {
        let still = try (0..<3).map { try contribution("agent-\($0)", [0, 0]) }
        let wild = try (0..<3).map { try contribution("agent-\($0)", [1e30, 0]) }
        var (low, high) = (clipping.initialState, clipping.initialState)
        for _ in 0..<2000 {
            low = try apply(to: still, state: low).state
            high = try apply(to: wild, state: high).state
        }

        #expect(low.clipping == 1e-12)
        #expect(high.zeroing == 1e12)
        #expect(throws: ServerStateError.self) { try AdaptiveClippingState(zeroing: .nan, clipping: 1) }
        #expect(throws: ServerStateError.self) { try AdaptiveClippingState(zeroing: 1, clipping: 0) }
    }

    @Test("what is not fit to be measured is refused")
    func unfit() throws {
        #expect(throws: AggregationError.notFinite(agent: try AgentID("a"))) {
            try apply(to: [contribution("a", [.nan, 0])], state: nil)
        }
        #expect(throws: AggregationError.noContributions) { try apply(to: [], state: nil) }
    }
}
