// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetEdge
import Testing

@Suite("Alarms of one cause")
struct AlarmGroupingTests {
    private func event(_ number: Int, _ device: String, after milliseconds: Int64, channel: String) -> AnomalyEvent {
        var event = Fixtures.event(number, device: DeviceID(checked: device))
        event.startedAt = Fixtures.start.adding(milliseconds: milliseconds)
        event.contributions = [ChannelContribution(channel: channel, share: 1, observed: 0, expected: 0)]
        return event
    }

    @Test("alarms of several devices that begin together on one channel carry the first one's id")
    func together() {
        var grouping = AlarmGrouping()
        let first = event(1, "press", after: 0, channel: "supply")
        #expect(grouping.handle(first) == nil)
        #expect(grouping.handle(event(2, "pump", after: 4000, channel: "supply")) == first.id)
        #expect(grouping.handle(event(3, "fan", after: 50_000, channel: "supply")) == first.id)
    }

    @Test("another channel, another time and the same device are another cause")
    func apart() {
        var grouping = AlarmGrouping()
        #expect(grouping.handle(event(1, "press", after: 0, channel: "supply")) == nil)
        #expect(grouping.handle(event(2, "pump", after: 1000, channel: "heat")) == nil)
        #expect(grouping.handle(event(3, "fan", after: 61_000, channel: "supply")) == nil)
        #expect(grouping.handle(event(4, "press", after: 500, channel: "supply")) == nil)
    }
}
