// SPDX-License-Identifier: Apache-2.0

import LinnetConfiguration

extension RolloutPlan {
    /// Reads the standing plan; what is wrong with it is noted in the section.
    init(reading section: ConfigurationSection) {
        let standard = RolloutPlan.standard
        let stage = standard.stages[0]
        func share(_ key: String, _ fallback: Double) -> Double {
            let text = section.string(key, default: Percent.text(fallback))
            return Self.note(section, key, or: fallback) { () throws(RolloutPlanError) in
                try Percent.parse(text, of: key)
            }
        }
        func seconds(_ key: String, _ fallback: Int, from least: Int) -> Int {
            let range = Duration.seconds(least) ... .seconds(30 * 86_400)
            return Int(section.duration(key, default: .seconds(fallback), in: range).components.seconds)
        }
        let soak = seconds("soak", stage.soakSeconds, from: 0)
        let (success, error, silent) = (
            share("success", stage.successShare), share("errors", stage.errorShare), share("silent", stage.silentShare)
        )
        let sizes = section.strings("stages", default: standard.stages.map(\.size.description))
        let stages = sizes.map { text in
            let size = Self.note(section, "stages", or: StageSize.all) { () throws(RolloutPlanError) in
                try StageSize(parsing: text)
            }
            return RolloutStage(
                size: size, soakSeconds: soak, successShare: success, errorShare: error, silentShare: silent)
        }
        let windows = section.strings("windows", default: []).compactMap { text in
            Self.note(section, "windows", or: nil) { () throws(RolloutPlanError) in
                try MaintenanceWindow(parsing: text)
            }
        }
        self.init(
            stages: stages, limits: BehaviourLimits(reading: section.section("limits")),
            shadowWindows: section.integer("shadowWindows", default: standard.shadowWindows, in: 1...1_000_000),
            timeoutSeconds: seconds("timeout", standard.timeoutSeconds, from: 1), windows: windows,
            needsApproval: section.boolean("approval", default: false),
            holdsWithoutData: section.boolean("holdWithoutData", default: true),
            alarmsPerHour: section.has("alarmsPerHour") ? section.number("alarmsPerHour", in: 0...1e9) : nil,
            goesBackOnFailure: section.boolean("goBackOnFailure", default: true))
        let plan = self
        Self.note(section, "stages", or: ()) { () throws(RolloutPlanError) in try plan.check() }
    }

    private static func note<Value>(
        _ section: ConfigurationSection, _ key: String, or fallback: Value, _ read: () throws(RolloutPlanError) -> Value
    ) -> Value {
        do throws(RolloutPlanError) { return try read() } catch {
            section.problem(key, "can not be: \(error)")
            return fallback
        }
    }
}

extension BehaviourLimits {
    fileprivate init(reading section: ConfigurationSection) {
        let standard = BehaviourLimits()
        func ratio(_ key: String, _ fallback: Double?) -> Double? {
            // A limit is switched off by name, never by a number that does not parse.
            section.optionalString(key) == "off" ? nil : section.number(key, default: fallback ?? 1, in: 1...1000)
        }
        self.init(
            alarmRatio: ratio("alarmRatio", standard.alarmRatio),
            errorMedianRatio: ratio("errorMedianRatio", standard.errorMedianRatio),
            error95Ratio: ratio("error95Ratio", standard.error95Ratio),
            scoringMicroseconds: section.has("scoringMicroseconds")
                ? section.number("scoringMicroseconds", in: 1...1e9) : nil,
            scoringRatio: ratio("scoringRatio", standard.scoringRatio),
            selfTestRecall: section.has("selfTestRecall") ? section.number("selfTestRecall", in: 0.01...1) : nil)
    }
}
