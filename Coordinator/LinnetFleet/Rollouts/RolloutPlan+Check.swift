// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain

extension RolloutPlan {
    static let longestSeconds = 30 * 86_400

    /// - Throws: ``RolloutPlanError`` with everything that can not be.
    public func check() throws(RolloutPlanError) {
        if let error = RolloutPlanError(problems) { throw error }
    }

    /// Everything that can not be, in the order of the plan; empty for a plan that can be carried out.
    public var problems: [RolloutPlanError] {
        filter.problems + stageProblems + limits.problems + windowProblems + otherProblems
    }

    private var stageProblems: [RolloutPlanError] {
        guard (1...Self.maximumStages).contains(stages.count) else { return [.stages(found: stages.count)] }
        var problems = stages.indices.flatMap(problems(ofStage:))
        if let last = stages.last, last.size != .all { problems.append(.incomplete(last.size)) }
        return problems
    }

    private func problems(ofStage index: Int) -> [RolloutPlanError] {
        let (stage, name) = (stages[index], "stage \(index + 1)")
        // What a stage has in common with the one before it is told once.
        let before = index > 0 ? stages[index - 1] : nil
        var problems: [RolloutPlanError] = []
        switch stage.size {
        case .share(let share) where !(share > 0 && share <= 1): problems.append(.notASize("\(share)"))
        case .count(let count) where count < 1: problems.append(.notASize("\(count)"))
        case .share, .count:
            if index > 0, stage.size.isSmaller(than: stages[index - 1].size) {
                problems.append(.shrinking(stage: index + 1, size: stage.size, before: stages[index - 1].size))
            }
        }
        if !(0...Self.longestSeconds).contains(stage.soakSeconds), before?.soakSeconds != stage.soakSeconds {
            problems.append(.outside("\(name): soak", found: "\(stage.soakSeconds) s", allowed: "0 s to 30 days"))
        }
        // Asked this way round, a NaN fails each of these, and so is named.
        if !(stage.successShare > 0 && stage.successShare <= 1), before?.successShare != stage.successShare {
            problems.append(
                .outside("\(name): success share", found: "\(stage.successShare)", allowed: "above 0, at most 1"))
        }
        if !(stage.errorShare >= 0 && stage.errorShare < 1), before?.errorShare != stage.errorShare {
            problems.append(
                .outside(
                    "\(name): error share", found: "\(stage.errorShare)",
                    allowed: "0 or more, below 1: at 1 nothing would ever stop the rollout"))
        }
        if !(stage.silentShare >= 0 && stage.silentShare < 1), before?.silentShare != stage.silentShare {
            problems.append(
                .outside(
                    "\(name): silent share", found: "\(stage.silentShare)",
                    allowed: "0 or more, below 1: at 1 silence would never hold the rollout"))
        }
        return problems
    }

    private var windowProblems: [RolloutPlanError] {
        windows.compactMap(\.planProblem) + (switchRule?.problems ?? [])
    }

    private var otherProblems: [RolloutPlanError] {
        var problems: [RolloutPlanError] = []
        if !(1...1_000_000).contains(shadowWindows) {
            problems.append(
                .outside(
                    "shadowWindows", found: "\(shadowWindows)",
                    allowed: "1 to 1000000: without a window there is nothing to judge by"))
        }
        if !(1...Self.longestSeconds).contains(timeoutSeconds) {
            problems.append(.outside("timeout", found: "\(timeoutSeconds) s", allowed: "1 s to 30 days"))
        }
        if let budget = alarmsPerHour, !(budget.isFinite && (0...1e9).contains(budget)) {
            problems.append(.outside("alarmsPerHour", found: "\(budget)", allowed: "0 to 1e9"))
        }
        return problems
    }

    /// Reads a time like `2026-03-01T22:00:00Z`.
    ///
    /// - Throws: ``RolloutPlanError/notATime(_:found:)``.
    public static func time(_ text: String, of what: String) throws(RolloutPlanError) -> Timestamp {
        guard let date = try? Date(text, strategy: .iso8601) else {  // the reason is always the same
            throw .notATime(what, found: String(text.prefix(40)))
        }
        return Timestamp(date)
    }
}
