// SPDX-License-Identifier: Apache-2.0

/// Where a device stands between calm and alarm.
public enum AlarmPhase: String, Hashable, Sendable, Codable, CaseIterable {
    /// No model yet: windows are collected, nothing can be said.
    case learning
    /// Scores stay below the threshold.
    case normal
    /// Scores have crossed the threshold, but not for long enough to raise an alarm.
    case pending
    /// An alarm has been raised and goes on.
    case firing
}
