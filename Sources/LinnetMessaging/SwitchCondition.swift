// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// What an agent waits for before it switches to a version that has passed its trials.
///
///     SwitchCondition(whenIdle: true, deadline: friday)      // when the machines stand still; on Friday in any case
///
/// A release without one is forced: the switch follows the trials at once. With one it is soft: all that is named here must
/// hold at the same time, unless the deadline has come.
public struct SwitchCondition: Codable, Sendable, Hashable, WireChecked {
    /// Most windows that one condition may name.
    public static let maximumWindows = 16

    /// Whether every machine of the agent must be idle; when one is, its agent's configuration says.
    public var whenIdle: Bool
    /// One of these must be open; in none means at any time of the day.
    public var windows: [MaintenanceWindow]
    /// From then on nothing is waited for any more; absent where the agent waits for as long as it takes.
    public var deadline: Timestamp?

    public init(whenIdle: Bool = false, windows: [MaintenanceWindow] = [], deadline: Timestamp? = nil) {
        self.whenIdle = whenIdle
        self.windows = windows
        self.deadline = deadline
    }

    /// Whether the switch may happen at a time, and why not.
    ///
    /// - Parameter notIdle: why the machines are not idle, in words; `nil` if they are.
    /// - Returns: what is waited for; `nil` if nothing is.
    public func obstacle(at time: Timestamp, notIdle: String?) -> String? {
        if let deadline, time >= deadline { return nil }
        if whenIdle, let notIdle { return notIdle }
        guard windows.isEmpty || windows.contains(where: { $0.isOpen(at: time) }) else {
            return "no window is open; they are \(windows.map(\.description).joined(separator: ", ")) UTC"
        }
        return nil
    }

    public func check() throws(WireError) {
        guard whenIdle || !windows.isEmpty else {
            throw .notAllowed(
                field: "switchWhen", found: "a condition that names nothing",
                allowed: "\"whenIdle\": true, or at least one window")
        }
        guard windows.count <= Self.maximumWindows else {
            throw .notAllowed(
                field: "switchWhen.windows", found: "\(windows.count)", allowed: "at most \(Self.maximumWindows)")
        }
        for window in windows {
            guard let problem = window.problem else { continue }
            throw .notAllowed(field: "switchWhen.windows", found: problem.found, allowed: problem.allowed)
        }
    }
}
