// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDetection
import LinnetDomain
import Testing

@Suite("Alarm state")
struct AlarmStateTests {
    private let policy = AlarmPolicy(raiseAfter: 2, clearAfter: 2, clearRatio: 0.5)

    private func window(_ number: Int64, _ score: Double) -> ScoredWindow {
        ScoredWindow(
            start: Timestamp(milliseconds: number * 10), end: Timestamp(milliseconds: number * 10 + 9), score: score,
            threshold: 1)
    }

    /// The phases after each score, and the transitions on the way.
    private func play(_ scores: [Double]) -> (phases: [AlarmPhase], transitions: [AlarmTransition]) {
        var state = AlarmState(policy: policy)
        var phases: [AlarmPhase] = []
        var transitions: [AlarmTransition] = []
        for (number, score) in scores.enumerated() {
            if let transition = state.handle(window(Int64(number), score)) { transitions.append(transition) }
            phases.append(state.phase)
        }
        return (phases, transitions)
    }

    @Test("normal stays normal below the threshold, and becomes pending above it")
    func normal() {
        #expect(play([0.9, 1.0]).phases == [.normal, .normal])
        #expect(play([1.1]).phases == [.pending])
        #expect(play([.nan]).phases == [.pending])
    }

    @Test("pending goes back to normal with one calm window, and fires with enough anomalous ones")
    func pending() {
        #expect(play([2, 0.9]).phases == [.pending, .normal])
        let fired = play([2, 3])
        #expect(fired.phases == [.pending, .firing])
        guard case .raised(let span)? = fired.transitions.first else {
            Issue.record("nothing was raised")
            return
        }
        #expect(span.startedAt.milliseconds == 0 && span.endedAt.milliseconds == 19)
        #expect(span.score == 3 && span.peakScore == 3 && span.windows == 2)
    }

    @Test("firing goes on through flicker, and clears only after calm windows in a row, well below the threshold")
    func firing() {
        let flicker = play([2, 3, 0.1, 5, 0.1, 0.8, 0.1, 0.1])

        #expect(flicker.phases.suffix(6) == [.firing, .firing, .firing, .firing, .firing, .normal])
        #expect(flicker.transitions.count == 2)
        guard case .cleared(let span)? = flicker.transitions.last else {
            Issue.record("nothing was cleared")
            return
        }
        #expect(span.peakScore == 5 && span.endedAt.milliseconds == 39 && span.windows == 3)
    }

    @Test("an alarm that is stored and read back goes on where it was")
    func restart() throws {
        var state = AlarmState(policy: policy)
        _ = state.handle(window(0, 2))
        _ = state.handle(window(1, .infinity))

        var again = try JSONDecoder().decode(AlarmState.self, from: try JSONEncoder().encode(state))

        #expect(again == state && again.phase == .firing)
        #expect(again.handle(window(2, 3)) == nil)
        #expect(again.handle(window(3, 0)) == nil)
        #expect(again.handle(window(4, 0)) != nil)
    }
}
