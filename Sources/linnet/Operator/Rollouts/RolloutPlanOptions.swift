// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LinnetConfiguration
import LinnetDomain
import LinnetFleet

/// What of a plan the command line can say; all numbers are texts, so that everything that is wrong is told at once.
struct RolloutPlanOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A YAML file with the keys of section \"rollout\" of coordinator.yaml, and \"for\"; options win.",
            valueName: "file"))
    var plan: String?

    @Option(help: "Agents up to and with each stage: numbers, shares, all; for example 1,10%,50%,all.")
    var stages: String?

    @Option(help: "How long each stage must hold what it asks for, for example 10m.")
    var soak: String?

    @Option(help: "Share of a stage's agents that must confirm the version, for example 90%.")
    var success: String?

    @Option(help: "Share of failed agents above which the rollout ends.")
    var errors: String?

    @Option(help: "Share of silent agents above which a stage holds.")
    var silent: String?

    @Option(help: "After which an agent without an end counts as silent.")
    var timeout: String?

    @Option(help: "Stages after which a person must let it go on, for example 1 or 1,2.")
    var pauseAfter: String?

    @Option(help: "Live windows a device scores with the version beside its active one.")
    var shadowWindows: String?

    @Option(help: "Stages begin only in this span, in UTC: 22:00-04:30. May be given more than once.")
    var window: [String] = []

    @OptionGroup var switching: SwitchOptions

    @Option(help: "Not before this time: 2026-03-01T22:00:00Z.")
    var startAt: String?

    @Option(help: "Alarms an hour of the version on all agents; more end the rollout.")
    var alarmsPerHour: String?

    @Flag(inversion: .prefixedNo, help: "Somebody else must approve it.")
    var approval: Bool?

    @Flag(inversion: .prefixedNo, help: "An agent whose measurements are missing is no success yet.")
    var holdWithoutData: Bool?

    @Flag(inversion: .prefixedNo, help: "The fleet goes back when a gate is broken; otherwise the rollout only stops.")
    var goBack: Bool?

    /// The plan's own keys, in the names of the options.
    func applied(to standing: RolloutPlan, _ problems: inout PlanProblems) throws -> RolloutPlan {
        var plan = try fromFile(otherwise: standing)
        if let stages = sizes(&problems) {
            let first = plan.stages.first ?? RolloutStage(size: .all)
            plan.stages = stages.map {
                var stage = first
                (stage.size, stage.isFollowedByPause) = ($0, false)
                return stage
            }
        }
        let soak = problems.seconds(soak, "--soak")
        let success = problems.share(success, "--success")
        let errors = problems.share(errors, "--errors")
        let silent = problems.share(silent, "--silent")
        for index in plan.stages.indices {
            if let soak { plan.stages[index].soakSeconds = soak }
            if let success { plan.stages[index].successShare = success }
            if let errors { plan.stages[index].errorShare = errors }
            if let silent { plan.stages[index].silentShare = silent }
        }
        applyPauses(to: &plan, &problems)
        plan.timeoutSeconds = problems.seconds(timeout, "--timeout") ?? plan.timeoutSeconds
        plan.shadowWindows = problems.whole(shadowWindows, "--shadow-windows") ?? plan.shadowWindows
        plan.alarmsPerHour = problems.number(alarmsPerHour, "--alarms-per-hour") ?? plan.alarmsPerHour
        if !window.isEmpty { plan.windows = problems.windows(window) }
        switching.apply(to: &plan.switchRule, &problems)
        if let startAt {
            plan.startAt = problems.note { () throws(RolloutPlanError) in
                try RolloutPlan.time(startAt, of: "--start-at")
            }
        }
        plan.needsApproval = approval ?? plan.needsApproval
        plan.holdsWithoutData = holdWithoutData ?? plan.holdsWithoutData
        plan.goesBackOnFailure = goBack ?? plan.goesBackOnFailure
        return plan
    }

    private func fromFile(otherwise standing: RolloutPlan) throws -> RolloutPlan {
        guard let plan else { return standing }
        do { return try RolloutPlan(file: ConfigurationFile(path: plan), otherwise: standing) } catch {
            throw CommandFailure.usage("\(error)")
        }
    }

    private func sizes(_ problems: inout PlanProblems) -> [StageSize]? {
        stages?.split(separator: ",", omittingEmptySubsequences: false).compactMap { text in
            problems.note { () throws(RolloutPlanError) in try StageSize(parsing: String(text)) }
        }
    }

    private func applyPauses(to plan: inout RolloutPlan, _ problems: inout PlanProblems) {
        guard let pauseAfter else { return }
        for index in plan.stages.indices { plan.stages[index].isFollowedByPause = false }
        for text in pauseAfter.split(separator: ",", omittingEmptySubsequences: false) {
            guard let stage = Int(text), plan.stages.indices.contains(stage - 1) else {
                problems.add("--pause-after: \"\(text)\" is no stage; there are 1 to \(plan.stages.count)")
                continue
            }
            plan.stages[stage - 1].isFollowedByPause = true
        }
    }
}

/// What devices wait for before they switch.
struct SwitchOptions: ParsableArguments {
    @Flag(help: "Each device switches as soon as it has tried the version, whatever the standing plan waits for.")
    var forced = false

    @Flag(help: "Each device switches only when its machines are idle.")
    var switchWhenIdle = false

    @Option(help: "Each device switches only in this span, in UTC: 22:00-04:30. May be given more than once.")
    var switchWindow: [String] = []

    @Option(help: "So long after it was told a device waits for nothing any more, for example 24h.")
    var switchWithin: String?

    func apply(to rule: inout SwitchRule?, _ problems: inout PlanProblems) {
        guard switchWhenIdle || !switchWindow.isEmpty || switchWithin != nil else {
            if forced { rule = nil }
            return
        }
        if forced { problems.add("--forced: a device that switches at once waits for nothing else") }
        var asked = rule ?? SwitchRule()
        if switchWhenIdle { asked.whenIdle = true }
        if !switchWindow.isEmpty { asked.windows = problems.windows(switchWindow) }
        asked.withinSeconds = problems.seconds(switchWithin, "--switch-within") ?? asked.withinSeconds
        rule = asked
    }
}

/// How the version must behave on a device beside the version before it; `off` takes a limit away.
struct BehaviourLimitOptions: ParsableArguments {
    @Option(help: "Windows found anomalous, for each that the version before finds so; a number from 1 on, or off.")
    var alarmRatio: String?

    @Option(help: "Median of the reconstruction error, as a multiple of the version's before; or off.")
    var errorMedianRatio: String?

    @Option(name: .customLong("error-95-ratio"), help: "95 % quantile of the reconstruction error, likewise; or off.")
    var error95Ratio: String?

    @Option(help: "Time to score a window, as a multiple of the version's before; or off.")
    var scoringRatio: String?

    @Option(help: "Time to score a window in microseconds; or off.")
    var scoringMicroseconds: String?

    @Option(help: "Share of the synthetic faults of each kind that must be found, for example 50%; or off.")
    var selfTestRecall: String?

    func apply(to limits: inout BehaviourLimits, _ problems: inout PlanProblems) {
        func take(_ text: String?, _ name: String, _ path: WritableKeyPath<BehaviourLimits, Double?>) {
            guard let text else { return }
            // A limit is switched off by name, never by a number that does not parse.
            limits[keyPath: path] = text == "off" ? nil : problems.number(text, name) ?? limits[keyPath: path]
        }
        take(alarmRatio, "--alarm-ratio", \.alarmRatio)
        take(errorMedianRatio, "--error-median-ratio", \.errorMedianRatio)
        take(error95Ratio, "--error-95-ratio", \.error95Ratio)
        take(scoringRatio, "--scoring-ratio", \.scoringRatio)
        take(scoringMicroseconds, "--scoring-microseconds", \.scoringMicroseconds)
        guard let selfTestRecall else { return }
        limits.selfTestRecall = selfTestRecall == "off" ? nil : problems.share(selfTestRecall, "--self-test-recall")
    }
}

/// Whom a plan is meant for.
struct TargetFilterOptions: ParsableArguments {
    @Option(help: "Only this agent; may be given more than once.")
    var agent: [String] = []

    @Option(help: "Only agents that watch this device; may be given more than once.")
    var device: [String] = []

    @Option(help: "Only agents with this tag; given more than once, with all of them.")
    var tag: [String] = []

    @Option(help: "Only agents of this site; may be given more than once.")
    var site: [String] = []

    @Option(help: "Only agents whose software begins so.")
    var software: String?

    func apply(to filter: inout TargetFilter, _ problems: inout PlanProblems) {
        func names<Name>(_ texts: [String], _ read: (String) throws(IdentifierError) -> Name) -> [Name] {
            texts.compactMap { text in
                do throws(IdentifierError) { return try read(text) } catch {
                    problems.add("\(error)")
                    return nil
                }
            }
        }
        if !agent.isEmpty { filter.agents = names(agent) { text throws(IdentifierError) in try AgentID(text) } }
        if !device.isEmpty { filter.devices = names(device) { text throws(IdentifierError) in try DeviceID(text) } }
        if !tag.isEmpty { filter.tags = tag }
        if !site.isEmpty { filter.sites = site }
        filter.software = software ?? filter.software
    }
}
