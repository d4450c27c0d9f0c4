// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetConfiguration
import LinnetDomain

extension RolloutPlan {
    /// Reads a plan from a file of its own, with the keys of section `rollout` of the coordinator's configuration, and
    /// beside them `for`: whom it is meant for.
    ///
    /// - Parameter standing: what keys mean that the file does not have.
    /// - Throws: every problem at once.
    public init(
        file: ConfigurationFile, otherwise standing: RolloutPlan
    ) throws(ConfigurationProblems) {
        self.init(reading: file.root, otherwise: standing)
        filter = TargetFilter(reading: file.root.section("for"))
        try file.finish()
    }

    /// Reads a plan; what is wrong with it is noted in the section.
    ///
    /// - Parameter standing: what keys mean that are not there.
    init(reading section: ConfigurationSection, otherwise standing: RolloutPlan = .standard) {
        let windows = section.has("windows") ? section.windows : standing.windows
        self.init(
            stages: Self.stages(section, otherwise: standing),
            limits: BehaviourLimits(reading: section.section("limits"), otherwise: standing.limits),
            shadowWindows: section.integer("shadowWindows", default: standing.shadowWindows, in: 1...1_000_000),
            timeoutSeconds: section.seconds("timeout", standing.timeoutSeconds, from: 1), windows: windows,
            switchRule: section.optionalSection("switch").map { $0.switchRule } ?? standing.switchRule,
            startAt: section.time("startAt") ?? standing.startAt,
            needsApproval: section.boolean("approval", default: standing.needsApproval),
            holdsWithoutData: section.boolean("holdWithoutData", default: standing.holdsWithoutData),
            alarmsPerHour: section.has("alarmsPerHour")
                ? section.number("alarmsPerHour", in: 0...1e9) : standing.alarmsPerHour,
            goesBackOnFailure: section.boolean("goBackOnFailure", default: standing.goesBackOnFailure))
        for problem in problems { section.problem("stages", "can not be: \(problem)") }
    }

    private static func stages(
        _ section: ConfigurationSection, otherwise standing: RolloutPlan
    ) -> [RolloutStage] {
        let first = standing.stages.first ?? RolloutStage(size: .all)
        var stages = standing.stages
        if section.has("stages") {
            stages = section.strings("stages", default: []).map { text in
                var stage = first
                stage.isFollowedByPause = false
                stage.size = section.note("stages", or: .all) { () throws(RolloutPlanError) in
                    try StageSize(parsing: text)
                }
                return stage
            }
        }
        func share(_ key: String, _ path: WritableKeyPath<RolloutStage, Double>) {
            guard section.has(key) else { return }
            let text = section.string(key, default: "")
            let value = section.note(key, or: first[keyPath: path]) { () throws(RolloutPlanError) in
                try Percent.parse(text, of: key)
            }
            for index in stages.indices { stages[index][keyPath: path] = value }
        }
        share("success", \.successShare)
        share("errors", \.errorShare)
        share("silent", \.silentShare)
        if section.has("soak") {
            let soak = section.seconds("soak", first.soakSeconds, from: 0)
            for index in stages.indices { stages[index].soakSeconds = soak }
        }
        if section.has("pauseAfter") {
            let pauses = section.integers("pauseAfter", default: [], in: 1...maximumStages)
            for index in stages.indices { stages[index].isFollowedByPause = pauses.contains(index + 1) }
            for stage in pauses where stage > stages.count {
                section.problem("pauseAfter", "names stage \(stage), and there are \(stages.count)")
            }
        }
        return stages
    }
}

extension BehaviourLimits {
    fileprivate init(reading section: ConfigurationSection, otherwise standing: BehaviourLimits) {
        func limit(_ key: String, _ otherwise: Double?, in range: ClosedRange<Double>) -> Double? {
            guard section.has(key) else { return otherwise }
            // A limit is switched off by name, never by a number that does not parse.
            return section.optionalString(key) == "off" ? nil : section.number(key, default: otherwise ?? 1, in: range)
        }
        self.init(
            alarmRatio: limit("alarmRatio", standing.alarmRatio, in: 1...1000),
            errorMedianRatio: limit("errorMedianRatio", standing.errorMedianRatio, in: 1...1000),
            error95Ratio: limit("error95Ratio", standing.error95Ratio, in: 1...1000),
            scoringMicroseconds: limit("scoringMicroseconds", standing.scoringMicroseconds, in: 1...1e9),
            scoringRatio: limit("scoringRatio", standing.scoringRatio, in: 1...1000),
            selfTestRecall: limit("selfTestRecall", standing.selfTestRecall, in: 0.01...1))
    }
}

extension TargetFilter {
    fileprivate init(reading section: ConfigurationSection) {
        func names<Name>(_ key: String, _ read: (String) throws(IdentifierError) -> Name) -> [Name] {
            section.strings(key, default: []).compactMap { text in
                do throws(IdentifierError) { return try read(text) } catch {
                    section.problem(key, "can not be: \(error)")
                    return nil
                }
            }
        }
        self.init(
            agents: names("agents") { text throws(IdentifierError) in try AgentID(text) },
            devices: names("devices") { text throws(IdentifierError) in try DeviceID(text) },
            tags: section.strings("tags", default: []), sites: section.strings("sites", default: []),
            software: section.optionalString("software"))
    }
}

extension ConfigurationSection {
    fileprivate func note<Value>(
        _ key: String, or fallback: Value, _ read: () throws(RolloutPlanError) -> Value
    ) -> Value {
        do throws(RolloutPlanError) { return try read() } catch {
            problem(key, "can not be: \(error)")
            return fallback
        }
    }

    fileprivate var windows: [MaintenanceWindow] {
        strings("windows", default: []).compactMap { text in
            note("windows", or: nil) { () throws(RolloutPlanError) in try MaintenanceWindow(parsing: text) }
        }
    }

    /// What devices wait for before they switch; `nil` where that is forced.
    fileprivate var switchRule: SwitchRule? {
        let rule = SwitchRule(
            whenIdle: boolean("whenIdle", default: false), windows: windows,
            withinSeconds: has("within") ? seconds("within", 1, from: 1) : nil)
        guard boolean("forced", default: false) else { return rule }
        if rule != SwitchRule() { problem("forced", "is true; then nothing else is waited for") }
        return nil
    }

    fileprivate func seconds(_ key: String, _ fallback: Int, from least: Int) -> Int {
        let range = Duration.seconds(least) ... .seconds(30 * 86_400)
        return Int(duration(key, default: .seconds(fallback), in: range).components.seconds)
    }

    fileprivate func time(_ key: String) -> Timestamp? {
        guard let text = optionalString(key) else { return nil }
        return note(key, or: nil) { () throws(RolloutPlanError) in try RolloutPlan.time(text, of: key) }
    }
}
