// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFleet
import LinnetMessaging
import LinnetNumerics
import Testing

@Suite("A rollout over a thousand agents")
struct RolloutSimulationTests {
    /// Agents that answer after a while, stay away, or fail.
    private struct Fleet {
        enum Kind { case well, away, failing }
        var kinds: [AgentID: Kind] = [:]
        var delays: [AgentID: Int] = [:]

        init(_ agents: [AgentID], offline: Double, failing: Double, seed: UInt64) {
            var generator = SeededGenerator(seed: seed)
            for agent in agents {
                let draw = Double.random(in: 0..<1, using: &generator)
                kinds[agent] = draw < offline ? .away : draw < offline + failing ? .failing : .well
                delays[agent] = Int.random(in: 5...120, using: &generator)
            }
        }
    }

    private static let agents = RolloutFixtures.agents(1000)

    /// Runs for so many seconds, ten at a time, and looks at every tick whether the table of states adds up.
    private func run(_ plan: RolloutPlan, _ fleet: Fleet, seconds: Int) -> (machine: RolloutMachine, mostReached: Int) {
        var machine = RolloutMachine(RolloutFixtures.rollout(plan))
        _ = machine.handle(.asked(.start, by: "ann", why: ""), RolloutFixtures.context())
        var mostReached = 0
        for second in stride(from: 0, to: seconds, by: 10) where !machine.rollout.phase.isOver {
            let context = RolloutFixtures.context(
                seconds: second, agents: 1000, nextRelease: machine.rollout.stage < 0 ? 6 : 7)
            for (agent, target) in machine.targets where target.state == .assigned || target.state == .silent {
                let since = context.now.milliseconds(since: target.assignedAt ?? context.now) / 1000
                guard since >= Int64(fleet.delays[agent] ?? 0) else { continue }
                switch fleet.kinds[agent] {
                case .well: _ = machine.handle(RolloutFixtures.heard(agent, .confirmed), context)
                case .failing: _ = machine.handle(RolloutFixtures.heard(agent, .reverted), context)
                case .away, nil: break
                }
            }
            _ = machine.handle(.tick, context)
            let counts = machine.counts
            #expect(counts.total == 1000 && machine.targets.count == 1000, "second \(second): \(counts)")
            #expect(counts.reached == machine.targets.values.count { $0.state != .waiting })
            mostReached = max(mostReached, counts.reached)
        }
        return (machine, mostReached)
    }

    private func plan(success: Double, error: Double, silent: Double) -> RolloutPlan {
        let stages = [StageSize.count(10), .share(0.1), .share(0.5), .all].map {
            RolloutStage(size: $0, soakSeconds: 60, successShare: success, errorShare: error, silentShare: silent)
        }
        return RolloutPlan(stages: stages, timeoutSeconds: 300)
    }

    @Test("with 30 % away and 5 % failing it succeeds where the plan allows for that, and says how many are where")
    func succeeds() {
        let fleet = Fleet(Self.agents, offline: 0.3, failing: 0.05, seed: 4)
        let (machine, reached) = run(plan(success: 0.4, error: 0.2, silent: 0.6), fleet, seconds: 3600)
        #expect(machine.rollout.phase == .succeeded && reached == 1000, "\(machine.rollout)")
        let counts = machine.counts
        #expect(counts.silent == fleet.kinds.values.count { $0 == .away } || counts.pending > 0)
        #expect(counts.failed <= fleet.kinds.values.count { $0 == .failing })
        #expect(counts.failed > 20)
    }

    @Test("with 30 % away it holds where the plan does not allow for that, for ever, and never goes back by itself")
    func holds() {
        let fleet = Fleet(Self.agents, offline: 0.3, failing: 0, seed: 5)
        let (machine, reached) = run(plan(success: 0.95, error: 0.01, silent: 0.1), fleet, seconds: 5000)
        #expect(machine.rollout.phase == .running && reached <= 100)
        #expect(machine.rollout.waitsFor?.hasPrefix("silence: ") == true)
    }

    @Test("a version that every agent takes back never leaves the first stage")
    func bad() {
        let fleet = Fleet(Self.agents, offline: 0.3, failing: 0.7, seed: 6)
        let (machine, reached) = run(plan(success: 0.4, error: 0.2, silent: 0.6), fleet, seconds: 3600)
        #expect(machine.rollout.phase == .rolledBack && reached == 10)
    }
}
