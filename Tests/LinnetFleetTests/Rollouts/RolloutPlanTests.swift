// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetConfiguration
import LinnetDomain
import LinnetFleet
import LinnetMessaging
import Testing

@Suite("A rollout's plan")
struct RolloutPlanTests {
    @Test("the standard plan is in order, and survives JSON")
    func standard() throws {
        try RolloutPlan.standard.check()
        let bytes = try Wire.encode(RolloutPlan.standard)
        #expect(try Wire.decode(RolloutPlan.self, from: bytes) == .standard)
        #expect(String(decoding: bytes, as: UTF8.self).contains(#""size":"10%""#))
    }

    @Test("what can not be is named")
    func refused() {
        let cases: [((inout RolloutPlan) -> Void, String)] = [
            ({ $0.stages = [] }, "the plan has 0 stages; it needs 1 to 50"),
            ({ $0.stages[3].size = .share(0.9) }, "the last stage holds 90%; it must hold all"),
            (
                { $0.stages[2].size = .share(0.05) },
                "stage 3 holds 5%, the one before it 10%: sizes count all agents up to and with the stage"
            ),
            ({ $0.stages[0].successShare = 0 }, "stage 1: success share is 0.0; it must be above 0, at most 1"),
            ({ $0.stages[1].successShare = 1.2 }, "stage 2: success share is 1.2; it must be above 0, at most 1"),
            (
                { $0.stages[1].silentShare = .nan },
                "stage 2: silent share is nan; it must be 0 or more, below 1: at 1 silence would never hold the rollout"
            ),
            ({ $0.stages[0].soakSeconds = -1 }, "stage 1: soak is -1 s; it must be 0 s to 30 days"),
            (
                { $0.limits.alarmRatio = .infinity },
                "limits.alarmRatio is inf; it must be 1 to 1000: a version as good as the last passes"
            ),
            ({ $0.limits.selfTestRecall = 1.1 }, "limits.selfTestRecall is 1.1; it must be above 0, at most 1"),
            ({ $0.limits.scoringMicroseconds = 0 }, "limits.scoringMicroseconds is 0.0; it must be above 0"),
            (
                { $0.shadowWindows = 0 },
                "shadowWindows is 0; it must be 1 to 1000000: without a window there is nothing to judge by"
            ),
            (
                { $0.switchRule = SwitchRule(withinSeconds: 5) },
                "the switch is soft without a condition; it must be when idle, in windows, or forced"
            ),
            (
                { $0.switchRule = SwitchRule(whenIdle: true, withinSeconds: 0) },
                "the time to switch within is 0 s; it must be 1 s to 30 days"
            ),
            ({ $0.timeoutSeconds = 0 }, "timeout is 0 s; it must be 1 s to 30 days"),
            ({ $0.alarmsPerHour = .nan }, "alarmsPerHour is nan; it must be 0 to 1e9"),
            (
                { $0.windows = [MaintenanceWindow(fromMinute: 5, toMinute: 5)] },
                "a maintenance window is 5 to 5 minutes after midnight; it must be two different minutes from 0 to 1439"
            ),
        ]
        for (change, message) in cases {
            var plan = RolloutPlan.standard
            change(&plan)
            do throws(RolloutPlanError) {
                try plan.check()
                Issue.record("taken, though \(message)")
            } catch {
                #expect("\(error)" == message)
            }
        }
    }

    @Test("sizes are written 1, 10% and all")
    func sizes() throws {
        for (text, size) in [
            ("1", StageSize.count(1)), ("10%", .share(0.1)), ("0.5%", .share(0.005)), ("all", .all), ("100%", .all),
        ] {
            #expect(try StageSize(parsing: text) == size)
            #expect(try StageSize(parsing: size.description) == size)
        }
        for text in ["", "0", "-1", "0%", "101%", "nan%", "ten", "1.5", "99999999999999999999", "∞%"] {
            #expect(throws: RolloutPlanError.notASize(text)) { try StageSize(parsing: text) }
        }
    }

    @Test("everything that can not be is told at once, in the order of the plan")
    func allProblems() {
        var plan = RolloutPlan.standard
        plan.filter.tags = [""]
        plan.stages[0].errorShare = 1
        plan.stages[3].successShare = .nan
        plan.limits.scoringRatio = 0.5
        plan.timeoutSeconds = 0
        #expect(plan.problems.count == 5)
        do throws(RolloutPlanError) {
            try plan.check()
            Issue.record("taken")
        } catch {
            #expect(error.problems == plan.problems)
            #expect(
                "\(error)".hasPrefix(
                    "a tag to filter by is \"\"; it must be 1 to 256 bytes of text; stage 1: error share is 1.0; it must be"
                ))
            #expect("\(error)".hasSuffix("; timeout is 0 s; it must be 1 s to 30 days"))
        }
    }

    @Test("a plan in a file says what differs from the standing one, and is told line by line what is wrong with it")
    func file() throws {
        func read(_ text: String) throws(ConfigurationProblems) -> RolloutPlan {
            var standing = RolloutPlan.standard
            standing.alarmsPerHour = 7
            standing.stages[0].isFollowedByPause = true
            return try RolloutPlan(file: ConfigurationFile(text: text, name: "night.yaml"), otherwise: standing)
        }
        let plan = try read(
            """
            for: {agents: [press-1], tags: [spare], software: "linnet-edge 0.2"}
            stages: ["2", 50%, all]
            soak: 1h
            pauseAfter: [2]
            startAt: 2026-03-01T22:00:00Z
            windows: ["22:00-04:30"]
            switch: {whenIdle: true, windows: ["sat,sun 06:00-18:00"], within: 2d}
            limits: {scoringRatio: 2, errorMedianRatio: off, selfTestRecall: 0.5}
            """)
        #expect(
            plan.filter
                == TargetFilter(agents: [AgentID(checked: "press-1")], tags: ["spare"], software: "linnet-edge 0.2"))
        #expect(plan.stages.map(\.size) == [.count(2), .share(0.5), .all])
        #expect(
            plan.stages.map(\.soakSeconds) == [3600, 3600, 3600] && plan.stages.map(\.errorShare) == [0.05, 0.05, 0.05])
        #expect(plan.stages.map(\.isFollowedByPause) == [false, true, false])
        #expect(plan.startAt?.description == "2026-03-01T22:00:00.000Z" && plan.windows.count == 1)
        #expect(
            plan.limits.scoringRatio == 2 && plan.limits.errorMedianRatio == nil && plan.limits.selfTestRecall == 0.5)
        #expect(
            plan.switchRule
                == SwitchRule(
                    whenIdle: true, windows: [MaintenanceWindow(fromMinute: 360, toMinute: 1080, days: [6, 7])],
                    withinSeconds: 172_800))
        #expect(plan.limits.alarmRatio == 3 && plan.alarmsPerHour == 7, "what it does not say is the standing plan's")
        #expect(try read("").stages[0].isFollowedByPause)

        do throws(ConfigurationProblems) {
            _ = try read("stages: [1, half]\nerrors: 100%\nstartAt: soon\nfor: {agents: [a b]}\nsok: 1h\n")
            Issue.record("taken")
        } catch {
            let text = error.problems.joined(separator: "\n")
            for part in [
                "night.yaml:1: \"stages\" can not be: \"half\" is no size",
                "night.yaml:3: \"startAt\" can not be: startAt:",
                "night.yaml:4: \"for.agents\" can not be: ",
                "night.yaml:5: \"sok\" is not known here. Did you mean \"soak\"?",
                "stage 1: error share is 1.0",
            ] { #expect(text.contains(part), "\(text)") }
        }
    }

    @Test("stages hold agents up to and with them; one that adds nobody is passed over")
    func distribution() throws {
        let agents = RolloutFixtures.agents(4)
        let stages = try RolloutPlan.standard.stages(of: agents).map(\.stage)
        #expect(stages == [0, 2, 3, 3], "1, then 10 % (already held), then half, then all")
        #expect(throws: RolloutPlanError.nobody(filter: "the whole cohort")) { try RolloutPlan.standard.stages(of: []) }
        var plan = RolloutPlan.standard
        plan.stages[0].size = .count(9)
        #expect(throws: RolloutPlanError.tooFewAgents(stage: 1, size: .count(9), matching: 4)) {
            try plan.stages(of: agents)
        }
    }

    @Test("maintenance windows go over midnight, and belong to the day on which they open")
    func windows() throws {
        let night = try MaintenanceWindow(parsing: "22:00-04:30")
        #expect(night.description == "22:00-04:30")
        let midnight = Timestamp(milliseconds: 1_767_225_600_000)  // a Thursday
        func isOpen(_ window: MaintenanceWindow, _ minutes: Int64) -> Bool {
            window.isOpen(at: midnight.adding(milliseconds: minutes * 60_000))
        }
        #expect(
            isOpen(night, 0) && isOpen(night, 269) && !isOpen(night, 270) && !isOpen(night, 1319) && isOpen(night, 1320)
        )
        var wednesday = night
        wednesday.days = [3]
        #expect(isOpen(wednesday, 0) && !isOpen(wednesday, 1320) && isOpen(wednesday, -1))
        for (text, days) in [
            ("mon-fri 22:00-04:30", [1, 2, 3, 4, 5]), ("sat,sun 22:00-04:30", [6, 7]),
            ("Sat-Mon 22:00-04:30", [1, 6, 7]),
        ] {
            let window = try MaintenanceWindow(parsing: text)
            #expect(window.days == days && (window.fromMinute, window.toMinute) == (1320, 270), "\(text)")
            #expect(try MaintenanceWindow(parsing: window.description) == window)
        }
        for text in [
            "x 22:00-04:00", "mon- 22:00-04:00", "mon-tue-wed 1:00-2:00", " ", "mon", "", "22-4", "24:00-01:00",
            "1:60-2:00", "a:b-c:d", "22:00", "22:00-",
        ] {
            #expect(throws: RolloutPlanError.self) { try MaintenanceWindow(parsing: text) }
        }
    }

    @Test("a filter meets agents by name, device, tag, site and software")
    func filter() throws {
        var generator = SystemRandomNumberGenerator()
        let state = AgentState(
            agent: try AgentID("press-2"), session: ULID(at: RolloutFixtures.start, using: &generator),
            software: "linnet-edge 0.1.0", at: RolloutFixtures.start, cohort: RolloutFixtures.cohort,
            contract: SignalContract(channels: [], intervalMilliseconds: 1, windowLength: 1),
            devices: [DeviceState(id: try DeviceID("pump"), phase: .normal)], active: nil, previous: nil,
            candidate: nil,
            release: 0, site: "hall-3", tags: ["spare", "hydraulic"], trainingWindows: 0, outboxDepth: 0,
            outboxDropped: 0, residentBytes: 0, echo: "")
        #expect(TargetFilter().matches(state) && TargetFilter().isEveryone)
        #expect(TargetFilter(agents: [try AgentID("press-2")], devices: [try DeviceID("pump")]).matches(state))
        #expect(!TargetFilter(agents: [try AgentID("press-3")]).matches(state))
        #expect(!TargetFilter(devices: [try DeviceID("fan")]).matches(state))
        #expect(TargetFilter(tags: ["spare"], sites: ["hall-3"], software: "linnet-edge 0.1").matches(state))
        #expect(!TargetFilter(tags: ["spare", "line-9"]).matches(state))
        #expect(!TargetFilter(sites: ["hall-4"]).matches(state))
        #expect(!TargetFilter(software: "linnet-edge 0.2").matches(state))
        #expect(TargetFilter(tags: ["a", "b"], sites: ["x"]).description == "tags a+b, site x")
    }
}
