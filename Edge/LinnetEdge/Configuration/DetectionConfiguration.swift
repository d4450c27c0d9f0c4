// SPDX-License-Identifier: Apache-2.0

import LinnetConfiguration
import LinnetDetection

/// When a device is in alarm: the `detection` section.
public struct DetectionConfiguration: Sendable, Equatable {
    /// What the threshold of a model learned alone aims at, in false alarms per device and day; a released model brings
    /// its own target.
    public var falseAlarmsPerDay: Double
    /// When an alarm is raised and when it has cleared.
    public var policy: AlarmPolicy

    public init(falseAlarmsPerDay: Double = 1, policy: AlarmPolicy = AlarmPolicy()) {
        self.falseAlarmsPerDay = falseAlarmsPerDay
        self.policy = policy
    }

    /// Reads the `detection` section; what is wrong with it is noted there.
    public init(reading section: ConfigurationSection) {
        falseAlarmsPerDay = section.number("falseAlarmsPerDay", default: 1, in: 0.001...1000)
        policy = AlarmPolicy(
            raiseAfter: section.integer("raiseAfter", default: 3, in: 1...1000),
            clearAfter: section.integer("clearAfter", default: 12, in: 1...10_000),
            clearRatio: section.number("clearRatio", default: 0.8, in: 0.1...1))
    }
}
