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

    private func play(_ policy: AlarmPolicy, _ scores: [Double]) -> [(Int, AlarmTransition)] {
        var state = AlarmState(policy: policy)
        return scores.enumerated().compactMap { number, score in
            state.handle(window(Int64(number), score)).map { (number, $0) }
        }
    }

    @Test("smoothed scores raise nothing for one odd window, and an alarm for a lasting one")
    func smoothing() {
        for kind in ScoreSmoother.Kind.allCases {
            let policy = AlarmPolicy(raiseAfter: 1, clearAfter: 2, clearRatio: 1, smoothing: kind, smoothingSpan: 5)
            #expect(play(policy, [0.2, 0.2, 0.2, 0.2, 1.8, 0.2, 0.2, 0.2]).isEmpty, "\(kind)")
            #expect(play(policy, [0.2, 0.2, 0.2, 0.2] + [Double](repeating: 1.8, count: 8)).count == 1, "\(kind)")
        }
    }

    @Test("an alarm waits for its minimum duration")
    func duration() {
        var policy = policy
        policy.minimumDurationMilliseconds = 35
        let found = play(policy, [2, 2, 2, 2, 2])
        #expect(found.map(\.0) == [3])
    }

    @Test("after an alarm nothing is raised until it has cooled down, unless it is critical")
    func coolDown() {
        var policy = policy
        policy.coolDownMilliseconds = 100
        let mild = play(policy, [2, 2, 0, 0, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5])
        // Cleared at 39 ms; what is still odd at 139 ms is raised then.
        #expect(mild.map(\.0) == [1, 3, 13])
        let bad = play(policy, [2, 2, 0, 0, 50, 50])
        #expect(bad.map(\.0) == [1, 3, 5])
    }

    @Test("an alarm that becomes more severe is told again, each step once")
    func worsens() {
        let found = play(policy, [1.5, 1.5, 1.6, 3, 4, 20, 30, 0, 0])
        #expect(found.map(\.0) == [1, 3, 5, 8])
        let severities = found.map { _, transition in
            switch transition {
            case .raised(let span), .worsened(let span), .cleared(let span): span.severity
            }
        }
        #expect(severities == [.notice, .warning, .critical, .critical])
    }

    @Test("a small alarm that lasts becomes a warning")
    func lasts() {
        #expect(AlarmSeverity(ratio: 1.2, milliseconds: 1000) == .notice)
        #expect(AlarmSeverity(ratio: 1.2, milliseconds: 600_000) == .warning)
        #expect(AlarmSeverity(ratio: 3, milliseconds: 600_000) == .critical)
        #expect(AlarmSeverity(ratio: .infinity, milliseconds: 0) == .critical)
    }
}
