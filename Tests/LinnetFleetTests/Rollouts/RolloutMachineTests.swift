// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFleet
import LinnetMessaging
import Testing

@Suite("A rollout")
struct RolloutMachineTests {
    private typealias Fixture = RolloutFixtures
    private let first = RolloutFixtures.agents(1)[0]

    // MARK: - Every state and event

    /// Machines in every phase there is.
    private static func machine(_ phase: RolloutPhase) -> RolloutMachine {
        var machine = RolloutMachine(Fixture.rollout())
        func ask(_ command: RolloutCommand, by who: String = "ann") {
            _ = machine.handle(.asked(command, by: who, why: "so"), Fixture.context(nextRelease: 7))
        }
        switch phase {
        case .draft: break
        case .awaitingApproval:
            var plan = Fixture.plan
            plan.needsApproval = true
            machine = RolloutMachine(Fixture.rollout(plan))
            ask(.start)
        case .scheduled: ask(.start)
        case .running: machine = Fixture.running()
        case .paused:
            machine = Fixture.running()
            ask(.pause)
        case .succeeded: machine = Self.succeeded()
        case .failed:
            machine = Fixture.running(hasCurrent: false)
            _ = machine.handle(Fixture.heard(Fixture.agents(1)[0], .refused), Fixture.context(seconds: 1))
            _ = machine.handle(.tick, Fixture.context(seconds: 1, nextRelease: 7))
        case .rolledBack:
            machine = Fixture.running()
            ask(.rollback)
        case .superseded:
            machine = Fixture.running()
            _ = machine.handle(.superseded(release: 7), Fixture.context(seconds: 1))
        }
        return machine
    }

    private static func succeeded() -> RolloutMachine {
        var machine = Fixture.running()
        for (stage, seconds) in [(0, 1), (1, 20)] {
            for agent in machine.targets.values.filter({ $0.stage == stage }).map(\.agent) {
                _ = machine.handle(Fixture.heard(agent, .confirmed), Fixture.context(seconds: seconds))
            }
            for second in [seconds, seconds + 10] {
                _ = machine.handle(.tick, Fixture.context(seconds: second, nextRelease: 7))
            }
        }
        return machine
    }

    private static let events: [(name: String, event: RolloutEvent)] =
        RolloutCommand.allCases.map { ("\($0.rawValue)", .asked($0, by: $0 == .approve ? "bob" : "ann", why: "so")) }
        + [
            ("tick", .tick), ("confirmed", RolloutFixtures.heard(RolloutFixtures.agents(1)[0], .confirmed)),
            ("refused", RolloutFixtures.heard(RolloutFixtures.agents(1)[0], .refused)),
            ("superseded", .superseded(release: 9)),
        ]

    /// What each (phase, event) leads to: the phase after it, and what is to be done. What does not stand here changes
    /// nothing.
    private static let table: [RolloutPhase: [String: (RolloutPhase, [String])]] = [
        .draft: [
            "start": (.scheduled, ["rollout started by ann"]),
            "rollback": (.rolledBack, ["rollout rolled back by ann"]),
        ],
        .awaitingApproval: [
            "approve": (.scheduled, ["rollout approved by bob"]),
            "rollback": (.rolledBack, ["rollout rolled back by ann"]),
            "superseded": (.superseded, ["rollout superseded by coordinator"]),
        ],
        .scheduled: [
            "pause": (.paused, ["rollout paused by ann"]), "rollback": (.rolledBack, ["rollout rolled back by ann"]),
            "tick": (
                .running,
                [
                    "rollout begun by coordinator", "release 7", "stage begun by coordinator", "assign 1",
                ]
            ),
            "superseded": (.superseded, ["rollout superseded by coordinator"]),
        ],
        .running: [
            "pause": (.paused, ["rollout paused by ann"]),
            "rollback": (
                .rolledBack, ["rollout rolled back by ann", "release 7 back to 5", "withdraw orders", "quarantine 6"]
            ),
            "superseded": (.superseded, ["rollout superseded by coordinator", "withdraw orders"]),
        ],
        .paused: [
            "resume": (.running, ["rollout resumed by ann"]),
            "rollback": (
                .rolledBack, ["rollout rolled back by ann", "release 7 back to 5", "withdraw orders", "quarantine 6"]
            ),
            "superseded": (.superseded, ["rollout superseded by coordinator", "withdraw orders"]),
        ],
        .succeeded: [
            "rollback": (
                .rolledBack, ["rollout rolled back by ann", "release 7 back to 5", "withdraw orders", "quarantine 6"]
            )
        ],
    ]

    @Test(
        "each event in each phase leads to what the table says, and every refused command says why",
        arguments: RolloutPhase.allCases)
    func table(phase: RolloutPhase) throws {
        for (name, event) in Self.events {
            var machine = Self.machine(phase)
            try #require(machine.rollout.phase == phase)
            let context = Fixture.context(seconds: 40, nextRelease: 7)
            let (expected, actions) = Self.table[phase]?[name] ?? (phase, [])
            if case .asked(let command, let who, _) = event {
                let refusal = machine.refusal(of: command, by: who, context)
                #expect(
                    (refusal == nil) == (Self.table[phase]?[name] != nil),
                    "\(name) in \(phase): \(refusal.map { "\($0)" } ?? "taken")")
            }
            #expect(Fixture.names(machine.handle(event, context)) == actions, "\(name) in \(phase)")
            #expect(machine.rollout.phase == expected, "\(name) in \(phase)")
        }
    }

    @Test(
        "each state of an agent meets each word of it: it never goes back, and its end stays",
        arguments: TargetState.allCases)
    func targetTable(state: TargetState) {
        let reported: [TargetState] = [
            .downloading, .verified, .shadowing, .selfTesting, .ready, .activated, .confirmed, .refused, .reverted,
        ]
        for word in reported {
            var machine = Fixture.running()
            if state == .waiting {
                // Somebody whose stage has not begun has nothing to say.
                let other = Fixture.agents(2)[1]
                _ = machine.handle(Fixture.heard(other, word), Fixture.context(seconds: 1))
                #expect(machine.targets[other]?.state == .waiting && machine.changed.isEmpty)
                continue
            }
            if state == .silent {
                _ = machine.handle(.tick, Fixture.context(seconds: 61))
            } else if state != .assigned {
                _ = machine.handle(Fixture.heard(first, state, [:]), Fixture.context(seconds: 1))
            }
            #expect(machine.targets[first]?.state == state)
            _ = machine.handle(Fixture.heard(first, word, [:]), Fixture.context(seconds: 62))
            let after = machine.targets[first]?.state
            let order = reported.firstIndex(of: word)! > (reported.firstIndex(of: state) ?? -1)
            let isEnd = [.confirmed, .refused, .reverted].contains(word)
            switch state {
            case .silent: #expect(after == (isEnd ? word : .silent), "\(word) after \(state)")
            case .refused, .reverted: #expect(after == state, "\(word) after \(state)")
            default: #expect(after == (order ? word : state), "\(word) after \(state)")
            }
        }
    }

    // MARK: - The way

    @Test("stage by stage to success: each soaks, then the next begins, then the version is the cohort's")
    func success() {
        var machine = Fixture.running()
        #expect(machine.counts.total == 10 && machine.counts.reached == 1)
        for (second, state) in [(1, TargetState.downloading), (2, .verified), (3, .shadowing), (4, .activated)] {
            _ = machine.handle(Fixture.heard(first, state, [:]), Fixture.context(seconds: second))
        }
        #expect(machine.handle(.tick, Fixture.context(seconds: 5)).isEmpty)
        #expect(machine.rollout.waitsFor?.hasPrefix("success share: 0 of 1") == true)
        _ = machine.handle(Fixture.heard(first, .confirmed), Fixture.context(seconds: 6))
        #expect(machine.handle(.tick, Fixture.context(seconds: 6)).isEmpty, "it must soak")
        #expect(machine.handle(.tick, Fixture.context(seconds: 15)).isEmpty)
        #expect(
            Fixture.names(machine.handle(.tick, Fixture.context(seconds: 16))) == [
                "stage begun by coordinator", "assign 9",
            ])
        for agent in Fixture.agents(10).dropFirst() {
            _ = machine.handle(Fixture.heard(agent, .confirmed), Fixture.context(seconds: 17))
        }
        _ = machine.handle(.tick, Fixture.context(seconds: 17))
        #expect(
            Fixture.names(machine.handle(.tick, Fixture.context(seconds: 27))) == [
                "rollout succeeded by coordinator", "release 6 to all", "withdraw orders",
            ])
        #expect(machine.rollout.phase == .succeeded)
    }

    @Test(
        "a tick that comes twice does nothing the second time, wherever the rollout stands",
        arguments: RolloutPhase.allCases)
    func idempotent(phase: RolloutPhase) {
        var machine = Self.machine(phase)
        let context = Fixture.context(seconds: 62, nextRelease: 7)
        _ = machine.handle(.tick, context)
        let before = machine
        #expect(machine.handle(.tick, context).isEmpty)
        #expect(machine.rollout == before.rollout && machine.targets == before.targets && machine.changed.isEmpty)
    }

    @Test("a stage that ceases to hold what it asks for soaks anew")
    func soakStartsAnew() {
        var machine = Fixture.running(
            RolloutPlan(
                stages: [
                    RolloutStage(size: .all, soakSeconds: 10, successShare: 0.5, errorShare: 0.5, silentShare: 0.5)
                ]),
            agents: 2)
        let agents = Fixture.agents(2)
        _ = machine.handle(Fixture.heard(agents[0], .confirmed), Fixture.context(seconds: 1))
        _ = machine.handle(.tick, Fixture.context(seconds: 1))
        _ = machine.handle(Fixture.heard(agents[0], .reverted), Fixture.context(seconds: 5))
        #expect(machine.handle(.tick, Fixture.context(seconds: 5)).isEmpty)
        #expect(machine.rollout.heldSince == nil)
        _ = machine.handle(Fixture.heard(agents[1], .confirmed), Fixture.context(seconds: 8))
        _ = machine.handle(.tick, Fixture.context(seconds: 8))
        #expect(machine.handle(.tick, Fixture.context(seconds: 12)).isEmpty)
        #expect(machine.handle(.tick, Fixture.context(seconds: 18)).count > 0)
        #expect(machine.rollout.phase == .succeeded)
    }

    @Test("who waits for the machine to be idle is pending, and silent only long after it should have switched")
    func softSwitch() {
        var plan = Fixture.plan
        plan.switchRule = SwitchRule(whenIdle: true, withinSeconds: 600)
        var machine = Fixture.running(plan)
        _ = machine.handle(Fixture.heard(first, .ready), Fixture.context(seconds: 30))
        _ = machine.handle(.tick, Fixture.context(seconds: 659))
        #expect(machine.counts.pending == 1 && machine.targets[first]?.state == .ready)
        _ = machine.handle(.tick, Fixture.context(seconds: 660))
        #expect(machine.counts.silent == 1, "600 s to switch, and 60 s to say so")
        _ = machine.handle(Fixture.heard(first, .confirmed), Fixture.context(seconds: 700))
        #expect(machine.counts.succeeded == 1)

        plan.switchRule?.withinSeconds = nil
        var patient = Fixture.running(plan)
        _ = patient.handle(Fixture.heard(first, .ready), Fixture.context(seconds: 30))
        _ = patient.handle(.tick, Fixture.context(seconds: 86_400 * 20))
        #expect(patient.counts.pending == 1)
        let back = patient.handle(.asked(.rollback, by: "ann", why: "so"), Fixture.context(nextRelease: 7))
        let isForced = back.contains { action in
            if case .goBack(let manifest) = action { manifest.switchWhen == nil } else { false }
        }
        #expect(isForced, "back the fleet goes at once")
    }

    @Test("a rollback goes to the release that a person names, once agents have been reached")
    func takenBack() throws {
        var machine = Self.machine(.succeeded)
        let context = Fixture.context(seconds: 40, nextRelease: 7)
        var older = try #require(machine.rollout.previous)
        older.model.version.number -= 1
        var early = Self.machine(.scheduled)
        #expect(early.refusal(of: .rollback, by: "ann", to: older, context) == .reachedNobody)
        #expect(early.handle(.takenBack(to: older, by: "ann", why: "so"), context).isEmpty)

        let actions = machine.handle(.takenBack(to: older, by: "ann", why: "so"), context)
        let back = actions.compactMap { action -> ReleaseManifest? in
            if case .goBack(let manifest) = action { manifest } else { nil }
        }
        #expect(back.map(\.model.version) == [older.model.version] && back.first?.release == 7)
        #expect(back.first?.reverts == machine.rollout.version.digest)
        #expect(actions.contains { if case .quarantine(machine.rollout.version, _) = $0 { true } else { false } })
        #expect(machine.rollout.phase == .rolledBack && machine.rollout.previous == older)
        #expect(machine.handle(.takenBack(to: older, by: "ann", why: "so"), context).isEmpty)
    }

    @Test("approval needs a second person")
    func approval() {
        var machine = Self.machine(.awaitingApproval)
        let context = Fixture.context()
        #expect(machine.refusal(of: .approve, by: "ann", context) == .samePerson("ann"))
        #expect(machine.handle(.asked(.approve, by: "ann", why: ""), context).isEmpty)
        #expect(machine.handle(.tick, context).isEmpty && machine.rollout.phase == .awaitingApproval)
        _ = machine.handle(.asked(.approve, by: "bob", why: "tried in the lab"), context)
        #expect(machine.rollout.approvedBy == "bob" && machine.rollout.phase == .scheduled)
    }

    @Test("a plan that wants it pauses after the stage, and goes on when a person says so")
    func pauseAfterStage() {
        var plan = Fixture.plan
        plan.stages[0].isFollowedByPause = true
        var machine = Fixture.running(plan)
        _ = machine.handle(Fixture.heard(first, .confirmed), Fixture.context(seconds: 1))
        _ = machine.handle(.tick, Fixture.context(seconds: 1))
        _ = machine.handle(.tick, Fixture.context(seconds: 11))
        #expect(machine.rollout.phase == .paused)
        #expect(machine.handle(.tick, Fixture.context(seconds: 30)).isEmpty)
        _ = machine.handle(.asked(.resume, by: "ann", why: ""), Fixture.context(seconds: 31))
        #expect(Fixture.names(machine.handle(.tick, Fixture.context(seconds: 31))).last == "assign 9")
    }

    @Test("while it is paused no stage begins, and a broken gate still ends it")
    func pausedGuard() {
        var machine = Self.machine(.paused)
        _ = machine.handle(Fixture.heard(first, .confirmed), Fixture.context(seconds: 1))
        #expect(machine.handle(.tick, Fixture.context(seconds: 1)).isEmpty)
        #expect(machine.handle(.tick, Fixture.context(seconds: 30)).isEmpty)
        _ = machine.handle(Fixture.heard(first, .reverted), Fixture.context(seconds: 31))
        #expect(
            Fixture.names(machine.handle(.tick, Fixture.context(seconds: 31, nextRelease: 7))).first
                == "rollout rolled back by coordinator")
    }

    @Test("stages begin only in a maintenance window")
    func windows() throws {
        var plan = Fixture.plan
        plan.windows = [try MaintenanceWindow(parsing: "00:00-00:01")]
        var machine = Fixture.running(plan)
        _ = machine.handle(Fixture.heard(first, .confirmed), Fixture.context(seconds: 1))
        _ = machine.handle(.tick, Fixture.context(seconds: 1))
        #expect(machine.handle(.tick, Fixture.context(seconds: 61)).isEmpty)
        #expect(machine.rollout.waitsFor == "no maintenance window is open (00:00-00:01)")
        #expect(machine.handle(.tick, Fixture.context(seconds: 86_401)).count == 2)
    }

    @Test(
        "a version that alarms more, errs more, or takes longer than allowed ends it, and the reason names the gate",
        arguments: [
            ("shadow.candidateAnomalous", 4.0, "alarm ratio 4.0, at most 3.0"),
            ("probation.anomalous", 5, "alarm ratio after the switch 5.0, at most 3.0"),
            ("shadow.candidateErrorMedian", 4.5, "median error ratio 4.5, at most 4.0"),
            ("shadow.candidateError95", 9, "95 % error ratio 4.5, at most 4.0"),
            ("shadow.candidateMicroseconds", 120, "scoring time ratio 6.0, at most 5.0"),
        ])
    func behaviour(name: String, value: Double, gate: String) {
        var machine = Fixture.running()
        var evidence = Fixture.good
        evidence[name] = value
        _ = machine.handle(Fixture.heard(first, .selfTesting, evidence), Fixture.context(seconds: 1))
        let actions = Fixture.names(machine.handle(.tick, Fixture.context(seconds: 1, nextRelease: 7)))
        #expect(actions.contains("release 7 back to 5") && actions.contains("quarantine 6"))
        #expect(machine.rollout.phase == .rolledBack && machine.rollout.stage == 0)
        #expect(machine.rollout.reason == "error share: 1 of 1 agents failed, allowed are 0%: agent-1001: \(gate)")
    }

    @Test("missing measurements are a third answer: the stage holds and says what is missing")
    func noData() {
        var machine = Fixture.running()
        _ = machine.handle(Fixture.heard(first, .confirmed, ["shadow.windows": 10]), Fixture.context(seconds: 1))
        #expect(machine.handle(.tick, Fixture.context(seconds: 30)).isEmpty)
        #expect(machine.rollout.waitsFor?.contains("no data: agent-1001: alarm ratio not measured") == true)
        var alone = Fixture.running()
        _ = alone.handle(Fixture.heard(first, .confirmed, ["shadow.windows": 0]), Fixture.context(seconds: 1))
        #expect(alone.counts.succeeded == 1, "a device that had no model before has nothing to compare with")
    }

    @Test("an alarm budget that is spent ends it, and alarms that nobody has counted hold it")
    func alarmBudget() {
        var plan = Fixture.plan
        plan.alarmsPerHour = 5
        var machine = Fixture.running(plan)
        _ = machine.handle(Fixture.heard(first, .confirmed), Fixture.context(seconds: 1))
        #expect(machine.handle(.tick, Fixture.context(seconds: 2, alarmsPerHour: nil)).isEmpty)
        #expect(machine.rollout.waitsFor == "the alarms of the last hour have not been counted")
        _ = machine.handle(.tick, Fixture.context(seconds: 3, nextRelease: 7, alarmsPerHour: 6))
        #expect(machine.rollout.reason == "alarm budget: 6.0 alarms in the last hour, allowed are 5.0")
    }

    @Test("the agents' retained states are enough where every report was lost")
    func states() {
        let manifest = Fixture.manifest(6, release: 6)
        var generator = SystemRandomNumberGenerator()
        func state(release: Int, active: Int, confirmed: Int?) -> AgentState {
            AgentState(
                agent: first, session: ULID(at: Fixture.start, using: &generator), software: "x", at: Fixture.start,
                cohort: Fixture.cohort,
                contract: SignalContract(channels: [], intervalMilliseconds: 1, windowLength: 1),
                devices: [], active: Fixture.version(active), previous: nil, candidate: nil, release: release,
                confirmed: confirmed, trainingWindows: 0, outboxDepth: 0, outboxDropped: 0, residentBytes: 0, echo: "")
        }
        #expect(TargetReport(state(release: 5, active: 5, confirmed: 5), on: manifest) == nil)
        #expect(TargetReport(state(release: 6, active: 6, confirmed: nil), on: manifest)?.state == .activated)
        #expect(TargetReport(state(release: 6, active: 6, confirmed: 6), on: manifest)?.state == .confirmed)
        #expect(TargetReport(state(release: 6, active: 5, confirmed: 5), on: manifest)?.state == .refused)
    }
}
