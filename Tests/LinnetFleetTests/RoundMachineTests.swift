// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFleet
import LinnetMessaging
import LinnetNumerics
import Testing

@Suite("A round's decisions")
struct RoundMachineTests {
    private let press = try! AgentID("press")
    private let pump = try! AgentID("pump")
    private let mill = try! AgentID("mill")
    private let start = Timestamp(milliseconds: 1_000_000)

    private func machine(
        _ phase: RoundPhase = .collecting, goal: Int = 3, quorum: Int = 2, accepted: Set<AgentID> = [],
        refused: Set<AgentID> = []
    ) throws -> RoundMachine {
        var round = Round(
            number: 7, cohort: try CohortID("c-1"), kind: .statistics, base: nil, settings: ClientSettings(),
            participants: [mill, press, pump], goal: goal, quorum: quorum, minimumWindows: 1, openedAt: start,
            deadline: start.adding(milliseconds: 60_000))
        round.phase = phase
        return RoundMachine(round, accepted: accepted, refused: refused)
    }

    private func after(_ seconds: Int64) -> RoundEvent { .tick(start.adding(milliseconds: seconds * 1000)) }

    @Test("collecting goes on until the goal is met")
    func goal() throws {
        var machine = try machine(goal: 2)

        #expect(machine.handle(.updateAccepted(press)) == nil)
        #expect(machine.handle(.updateAccepted(press)) == nil, "the same agent counts once")
        #expect(machine.handle(after(10)) == nil)
        #expect(machine.handle(.updateAccepted(pump)) == .aggregate)
        #expect(machine.phase == .aggregating)
    }

    @Test("a stranger's update and refusal do not count")
    func strangers() throws {
        var machine = try machine(goal: 1)
        let stranger = try AgentID("stranger")

        #expect(machine.handle(.updateAccepted(stranger)) == nil)
        #expect(machine.handle(.updateRefused(stranger)) == nil)
        #expect(machine.accepted.isEmpty && machine.refused.isEmpty)
    }

    @Test("the round closes at once when all have answered, with a quorum of updates")
    func allAnswered() throws {
        var machine = try machine(accepted: [press, pump])

        #expect(machine.handle(.updateRefused(mill)) == .aggregate)
    }

    @Test("it is abandoned at once when all have answered and too few updates are left")
    func allAnsweredTooFew() throws {
        var machine = try machine(accepted: [press], refused: [pump])

        #expect(
            machine.handle(.updateRefused(mill))
                == .abandon("1 of 3 updates once all had answered, 2 needed; refused from mill, pump"))
        #expect(machine.phase == .abandoned)
    }

    @Test("at the deadline a quorum is enough, and a moment before it is not")
    func deadlineWithQuorum() throws {
        var machine = try machine(accepted: [press, pump])

        #expect(machine.handle(.tick(start.adding(milliseconds: 59_999))) == nil)
        #expect(machine.handle(after(60)) == .aggregate)
    }

    @Test("at the deadline too few updates abandon it, and the reason says who is silent and who was refused")
    func deadlineWithoutQuorum() throws {
        var machine = try machine(accepted: [press], refused: [pump])

        #expect(
            machine.handle(after(61))
                == .abandon("1 of 3 updates by the deadline, 2 needed; none from mill; refused from pump"))
        #expect(machine.phase == .abandoned)
    }

    @Test("without a single update nothing is aggregated, whatever the quorum says")
    func nobody() throws {
        var machine = try machine(quorum: 0)

        #expect(
            machine.handle(after(60))
                == .abandon("0 of 3 updates by the deadline, 0 needed; none from mill, press, pump"))
    }

    @Test("an update that is accepted after an earlier one was refused counts")
    func secondAttempt() throws {
        var machine = try machine(accepted: [press], refused: [pump])

        #expect(machine.handle(.updateAccepted(pump)) == nil)
        #expect(machine.handle(.updateRefused(mill)) == .aggregate)
    }

    @Test("a clock that is set back by more than the round lasts does not keep it open")
    func clockSetBack() throws {
        var slightly = try machine(accepted: [press, pump])
        #expect(slightly.handle(.tick(start.adding(milliseconds: -60_000))) == nil)

        var machine = try machine(accepted: [press, pump])
        #expect(machine.handle(.tick(start.adding(milliseconds: -60_001))) == .aggregate)
    }

    @Test("a round found full after a restart closes at the next tick")
    func resumedFull() throws {
        var machine = try machine(accepted: [press, pump, mill])

        #expect(machine.handle(after(1)) == .aggregate)
    }

    @Test("an aggregation that was cut off is done again, as often as it takes")
    func aggregatingAgain() throws {
        var machine = try machine(.aggregating, accepted: [press, pump])

        #expect(machine.handle(after(1)) == .aggregate)
        #expect(machine.handle(after(9999)) == .aggregate)
        #expect(machine.handle(.aggregated) == .commit)
        #expect(machine.phase == .committed)
    }

    @Test("updates that do not make a version abandon the round with their reason")
    func aggregationFailed() throws {
        var machine = try machine(.aggregating)

        #expect(machine.handle(.aggregationFailed("no weight")) == .abandon("no weight"))
        #expect(machine.phase == .abandoned)
    }

    @Test("an event that does not fit the phase changes nothing", arguments: RoundPhase.allCases)
    func unfitting(_ phase: RoundPhase) throws {
        let events: [RoundEvent] =
            switch phase {
            case .collecting: [.aggregated, .aggregationFailed("x")]
            case .aggregating: [.updateAccepted(press), .updateRefused(press)]
            case .committed, .abandoned:
                [
                    .updateAccepted(press), .updateRefused(press), after(0), after(100), .aggregated,
                    .aggregationFailed("x"),
                ]
            }
        for event in events {
            var machine = try machine(phase)
            let before = machine
            #expect(machine.handle(event) == nil)
            #expect(machine == before, "\(event)")
        }
    }

    @Test("in any order of events the round ends once, and never with fewer updates than the quorum")
    func anyOrder() throws {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<500 {
            var machine = try machine()
            var endings = 0
            for second in 0..<90 {
                let agent = [press, pump, mill].randomElement(using: &generator) ?? press
                let event: RoundEvent =
                    [.updateAccepted(agent), .updateRefused(agent), after(Int64(second))]
                    .randomElement(using: &generator) ?? .aggregated
                switch machine.handle(event) {
                case .aggregate:
                    #expect(machine.accepted.count >= 2)
                    if machine.handle(.aggregated) == .commit { endings += 1 }
                case .abandon:
                    #expect(machine.accepted.count < 2)
                    endings += 1
                case .commit, nil: break
                }
            }
            #expect(endings == 1)
        }
    }
}
