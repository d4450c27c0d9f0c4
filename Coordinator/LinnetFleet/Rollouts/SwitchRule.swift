// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetMessaging

/// What devices wait for between their trials and the switch, as a plan says it: the plan is soft.
///
///     SwitchRule(whenIdle: true, withinSeconds: 86_400)      // when the machines stand still, after a day in any case
public struct SwitchRule: Codable, Sendable, Equatable, CustomStringConvertible {
    /// Whether every machine of an agent must be idle.
    public var whenIdle: Bool
    /// One of these must be open; in none means at any time of the day.
    public var windows: [MaintenanceWindow]
    /// So long after an agent was told it waits for nothing any more; absent where it waits for as long as it takes.
    public var withinSeconds: Int?

    public init(whenIdle: Bool = false, windows: [MaintenanceWindow] = [], withinSeconds: Int? = nil) {
        self.whenIdle = whenIdle
        self.windows = windows
        self.withinSeconds = withinSeconds
    }

    /// What an agent that was told then waits for.
    func condition(toldAt time: Timestamp) -> SwitchCondition {
        SwitchCondition(whenIdle: whenIdle, windows: windows, deadline: deadline(toldAt: time))
    }

    func deadline(toldAt time: Timestamp) -> Timestamp? {
        withinSeconds.map { time.adding(milliseconds: Int64($0) * 1000) }
    }

    /// What of it can not be.
    public var problems: [RolloutPlanError] {
        var problems = windows.compactMap(\.planProblem)
        if !whenIdle, windows.isEmpty {
            problems.append(
                .outside("the switch", found: "soft without a condition", allowed: "when idle, in windows, or forced"))
        }
        if windows.count > SwitchCondition.maximumWindows {
            problems.append(
                .outside(
                    "the number of windows to switch in", found: "\(windows.count)",
                    allowed: "at most \(SwitchCondition.maximumWindows)"))
        }
        if let withinSeconds, !(1...RolloutPlan.longestSeconds).contains(withinSeconds) {
            problems.append(
                .outside("the time to switch within", found: "\(withinSeconds) s", allowed: "1 s to 30 days"))
        }
        return problems
    }

    public var description: String {
        var parts = whenIdle ? ["when the machines are idle"] : []
        if !windows.isEmpty { parts.append("in \(windows.map(\.description).joined(separator: ", ")) UTC") }
        if let withinSeconds { parts.append("within \(withinSeconds) s in any case") }
        return parts.joined(separator: ", ")
    }
}
