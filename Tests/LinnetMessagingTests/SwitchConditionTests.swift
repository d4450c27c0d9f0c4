// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetMessaging
import Testing

@Suite("What a switch waits for")
struct SwitchConditionTests {
    /// Ten past ten in the evening, UTC.
    private let evening = Samples.time.adding(milliseconds: (22 * 60 + 10) * 60_000)
    private let night = MaintenanceWindow(fromMinute: 22 * 60, toMinute: 23 * 60)

    @Test("an idle machine, and a window that is open: all that is named must hold")
    func all() {
        let condition = SwitchCondition(whenIdle: true, windows: [night])
        #expect(condition.obstacle(at: evening, notIdle: nil) == nil)
        #expect(condition.obstacle(at: evening, notIdle: "pump runs") == "pump runs")
        #expect(
            condition.obstacle(at: Samples.time, notIdle: nil) == "no window is open; they are 22:00-23:00 UTC")
    }

    @Test("what is not named does not matter")
    func either() {
        #expect(SwitchCondition(windows: [night]).obstacle(at: evening, notIdle: "pump runs") == nil)
        #expect(SwitchCondition(whenIdle: true).obstacle(at: Samples.time, notIdle: nil) == nil)
    }

    @Test("from the deadline on nothing is waited for")
    func deadline() {
        let condition = SwitchCondition(whenIdle: true, windows: [night], deadline: evening)
        #expect(condition.obstacle(at: evening.adding(milliseconds: -1), notIdle: "pump runs") != nil)
        #expect(condition.obstacle(at: evening, notIdle: "pump runs") == nil)
    }
}
