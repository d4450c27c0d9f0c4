// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import Testing
import linnet

@Suite("The schedule of faults")
struct FaultScheduleTests {
    private func targets(_ count: Int) -> [FaultSchedule.Target] {
        (1...count).map { number in
            FaultSchedule.Target(
                agent: AgentID(checked: "agent-\(number)"), device: DeviceID(checked: "machine-\(number)"),
                kinds: [(.cavitation, []), (.drift, ["flow", "pressure"])])
        }
    }

    @Test(
        "every device has a fault, none before the first model or too late to be found, never two at once",
        arguments: [60.0, 75, 90, 120, 600], [1, 3, 15])
    func rules(seconds: Double, devices: Int) throws {
        for seed in UInt64(1)...20 {
            let timing = FaultSchedule.Timing.run(of: seconds)
            let schedule = try #require(
                FaultSchedule.draw(targets: targets(devices), timing: timing, seed: seed), "seed \(seed)")

            #expect(Set(schedule.faults.map(\.device)).count == devices, "seed \(seed)")
            #expect(schedule.faults.allSatisfy { $0.startSeconds >= min(0.5 * seconds, 36) - 0.1 }, "seed \(seed)")
            #expect(
                schedule.faults.allSatisfy { $0.endSeconds <= seconds - FaultSchedule.quietEndSeconds + 0.1 },
                "seed \(seed)")
            for faults in Dictionary(grouping: schedule.faults, by: \.device).values {
                for (earlier, later) in zip(faults, faults.dropFirst()) {
                    #expect(later.startSeconds - earlier.endSeconds >= 12, "seed \(seed)")
                }
            }
        }
    }

    @Test("the same seed draws the same schedule, another one another")
    func repeatable() {
        let timing = FaultSchedule.Timing.run(of: 120)
        let first = FaultSchedule.draw(targets: targets(3), timing: timing, seed: 7)

        #expect(first == FaultSchedule.draw(targets: targets(3), timing: timing, seed: 7))
        #expect(first != FaultSchedule.draw(targets: targets(3), timing: timing, seed: 8))
    }

    @Test("a time without room for one fault a device has no schedule")
    func tooShort() {
        #expect(FaultSchedule.draw(targets: targets(1), timing: .run(of: 40), seed: 1) == nil)
    }

    @Test("only faults that are over, with time left to find them, are held against a run that was interrupted")
    func completed() throws {
        let schedule = try #require(FaultSchedule.draw(targets: targets(2), timing: .endless, seed: 3))
        let first = try #require(schedule.faults.min { $0.endSeconds < $1.endSeconds })

        #expect(schedule.completed(at: first.endSeconds).isEmpty)
        #expect(schedule.completed(at: first.endSeconds + FaultSchedule.quietEndSeconds + 0.1).contains(first))
    }
}
