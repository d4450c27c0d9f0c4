// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetNumerics
import Testing

@Suite("Earlier alarms")
struct PastAlarmsTests {
    private func contributions(_ shares: [String: Double]) -> [ChannelContribution] {
        shares.map { ChannelContribution(channel: $0, share: $1, observed: 0, expected: 0) }
    }

    private func event(_ number: Int, _ shares: [String: Double]) -> AnomalyEvent {
        var generator = SeededGenerator(seed: UInt64(number))
        let time = Chain.epoch.adding(milliseconds: Int64(number))
        return AnomalyEvent(
            id: ULID(at: time, using: &generator), revision: 1, agent: AgentID(checked: "a"),
            device: DeviceID(checked: "d"), state: .firing, startedAt: time, endedAt: time, reportedAt: time, score: 5,
            peakScore: 5, threshold: 4,
            model: ModelVersion(number: 1, digest: Digest(hex: String(repeating: "0", count: 64))!),
            contributions: contributions(shares), windows: 3)
    }

    @Test("likeness is the cosine of the shares, by channel, whatever their order")
    func cosine() {
        let left = AlarmPattern(contributions(["a": 0.6, "b": 0.8]))
        #expect(abs(left.similarity(to: AlarmPattern(contributions(["b": 0.4, "a": 0.3]))) - 1) < 1e-12)
        #expect(abs(left.similarity(to: AlarmPattern(contributions(["a": 1]))) - 0.6) < 1e-12)
        #expect(left.similarity(to: AlarmPattern(contributions(["c": 1]))) == 0)
        #expect(left.similarity(to: AlarmPattern([])) == 0)
    }

    @Test("the most alike are told, the newest of equals first, and none that is not alike")
    func ranks() {
        var past = PastAlarms()
        let (bearing, other, again, near) = (
            event(1, ["heat": 0.9, "speed": 0.1]), event(2, ["speed": 1]), event(3, ["heat": 0.9, "speed": 0.1]),
            event(4, ["heat": 0.7, "speed": 0.3])
        )
        for event in [bearing, other, again, near, again] { past.add(event) }
        let similar = past.similar(to: contributions(["heat": 0.9, "speed": 0.1]))
        #expect(similar.map(\.id) == [again.id, bearing.id, near.id])
        #expect(similar[0].similarity > 0.999 && similar[2].similarity < 0.99)
    }

    @Test("only so many are remembered")
    func bounded() {
        var past = PastAlarms()
        past.add(event(0, ["heat": 1]))
        for number in 1...PastAlarms.capacity { past.add(event(number, ["speed": 1])) }
        #expect(past.similar(to: contributions(["heat": 1])).isEmpty)
    }
}
