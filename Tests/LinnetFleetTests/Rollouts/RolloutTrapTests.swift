// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFleet
import LinnetMessaging
import Testing

/// Six ways in which staged rollouts of software are known to go wrong, and that a rollout of a model does not.
@Suite("Known traps of staged rollouts")
struct RolloutTrapTests {
    private typealias Fixture = RolloutFixtures
    private let agents = RolloutFixtures.agents(10)

    /// One stage of half, then all; a stage wants every agent.
    private func plan(success: Double = 1, error: Double = 0.5, silent: Double = 0.5) -> RolloutPlan {
        let stages = [StageSize.share(0.5), .all].map {
            RolloutStage(size: $0, soakSeconds: 0, successShare: success, errorShare: error, silentShare: silent)
        }
        return RolloutPlan(stages: stages, timeoutSeconds: 60)
    }

    @Test("a stage whose agents have all ended below the success share holds, and does not start the next one")
    func missedSuccessShare() {
        var machine = Fixture.running(plan())
        for agent in agents[..<3] { _ = machine.handle(Fixture.heard(agent, .confirmed), Fixture.context(seconds: 1)) }
        for agent in agents[3..<5] { _ = machine.handle(Fixture.heard(agent, .refused), Fixture.context(seconds: 1)) }
        for second in 2..<200 { #expect(machine.handle(.tick, Fixture.context(seconds: second)).isEmpty) }
        #expect(machine.rollout.phase == .running && machine.rollout.stage == 0)
        #expect(
            machine.rollout.waitsFor
                == "success share: 3 of 5 agents have confirmed it, needed are 100% (0 pending, 0 silent, 2 failed)")
    }

    @Test("a stage is judged by its own agents as well: those of the stages before can not carry it")
    func ownAgents() {
        var machine = Fixture.running(plan(success: 0.4))
        for agent in agents[..<5] { _ = machine.handle(Fixture.heard(agent, .confirmed), Fixture.context(seconds: 1)) }
        #expect(Fixture.names(machine.handle(.tick, Fixture.context(seconds: 1))).last == "assign 5")
        #expect(machine.handle(.tick, Fixture.context(seconds: 2)).isEmpty)
        #expect(machine.rollout.waitsFor?.hasPrefix("success share: 0 of 5") == true)
    }

    @Test("the next stage waits until the one before has soaked: no two run at once, and a late failure still ends it")
    func onlyOneStageAtATime() {
        var plan = plan(success: 0.6, error: 0.3)
        plan.stages[0].soakSeconds = 20
        var machine = Fixture.running(plan)
        for agent in agents[..<3] { _ = machine.handle(Fixture.heard(agent, .confirmed), Fixture.context(seconds: 1)) }
        _ = machine.handle(.tick, Fixture.context(seconds: 1))
        #expect(machine.targets.values.count { $0.state == .waiting } == 5)
        for agent in agents[3..<5] { _ = machine.handle(Fixture.heard(agent, .reverted), Fixture.context(seconds: 15)) }
        let actions = machine.handle(.tick, Fixture.context(seconds: 15, nextRelease: 7))
        #expect(Fixture.names(actions).first == "rollout rolled back by coordinator")
        #expect(machine.targets.values.count { $0.state == .waiting } == 5)
    }

    @Test("silent agents are counted: they hold the stage, and after the time-out they are said to be silent")
    func silenceIsAThirdAnswer() {
        var machine = Fixture.running(plan(success: 0.4, silent: 0.5))
        for agent in agents[..<2] { _ = machine.handle(Fixture.heard(agent, .confirmed), Fixture.context(seconds: 1)) }
        #expect(machine.counts.succeeded == 2 && machine.counts.pending == 3)
        var soaking = machine
        _ = soaking.handle(.tick, Fixture.context(seconds: 59))
        #expect(soaking.counts.silent == 0)
        _ = machine.handle(.tick, Fixture.context(seconds: 60))
        #expect(machine.counts.silent == 3 && machine.counts.failed == 0)
        #expect(machine.rollout.stage == 0)
        #expect(
            machine.rollout.waitsFor == "silence: 3 of 5 agents have not answered in time, allowed are 50%")
        _ = machine.handle(Fixture.heard(agents[2], .confirmed), Fixture.context(seconds: 90))
        #expect(machine.handle(.tick, Fixture.context(seconds: 91)).count == 2, "who comes back late counts")
    }

    @Test(
        "a number that does not parse, or can never be met, is an error that names it when the plan is made",
        arguments: [
            ("nan", "stage 1: error share is nan"), ("1", "stage 1: error share is 1.0"),
            ("-0.1", "stage 1: error share is -0.1"), ("inf", "stage 1: error share is inf"),
        ])
    func badThreshold(text: String, message: String) throws {
        var plan = plan()
        plan.stages[0].errorShare = try #require(Double(text))
        do throws(RolloutPlanError) {
            try plan.check()
            Issue.record("\(text) was taken")
        } catch {
            #expect("\(error)".hasPrefix(message), "\(error)")
        }
        #expect(throws: RolloutPlanError.notAShare("error share", found: "ten percent")) {
            try Percent.parse("ten percent", of: "error share")
        }
        #expect(throws: RolloutPlanError.notASize("1O%")) { try StageSize(parsing: "1O%") }
    }

    @Test("an ended rollout says how it ended: success is not said of one that failed")
    func endsAreTold() {
        var failed = Fixture.running(plan(error: 0.1), hasCurrent: false)
        _ = failed.handle(Fixture.heard(agents[0], .refused), Fixture.context(seconds: 1))
        _ = failed.handle(.tick, Fixture.context(seconds: 1, nextRelease: 7))
        #expect(failed.rollout.phase == .failed)
        var back = Fixture.running(plan(error: 0.1))
        _ = back.handle(Fixture.heard(agents[0], .refused), Fixture.context(seconds: 1))
        _ = back.handle(.tick, Fixture.context(seconds: 1, nextRelease: 7))
        #expect(back.rollout.phase == .rolledBack)
        for machine in [failed, back] {
            #expect(machine.rollout.phase.isOver && machine.rollout.phase != .succeeded)
            #expect(machine.rollout.reason?.hasPrefix("error share: 1 of 5 agents failed") == true)
        }
    }

    @Test("a person and the clock that move it on at once move it on once: the second change finds another revision")
    func startedOnce() {
        var plan = plan()
        plan.stages[0].isFollowedByPause = true
        var machine = Fixture.running(plan)
        for agent in agents[..<5] { _ = machine.handle(Fixture.heard(agent, .confirmed), Fixture.context(seconds: 1)) }
        _ = machine.handle(.tick, Fixture.context(seconds: 1))
        #expect(machine.rollout.phase == .paused)
        _ = machine.handle(.asked(.resume, by: "ann", why: ""), Fixture.context(seconds: 2))
        #expect(Fixture.names(machine.handle(.tick, Fixture.context(seconds: 2))).last == "assign 5")
        #expect(machine.handle(.asked(.resume, by: "ann", why: ""), Fixture.context(seconds: 2)).isEmpty)
        #expect(machine.handle(.tick, Fixture.context(seconds: 2)).isEmpty)
        #expect(machine.targets.values.count { $0.state == .assigned } == 5)
    }
}
