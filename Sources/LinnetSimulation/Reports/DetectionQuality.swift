// SPDX-License-Identifier: Apache-2.0

/// How well a version detects, counted over windows.
public struct DetectionQuality: Sendable, Equatable {
    private var errorSum = 0.0
    private var normal = 0
    private var falseAlarms = 0
    private var faulty = 0
    private var found = 0
    private var triggered = 0
    private var triggersFound = 0

    mutating func addNormal(score: Double, isAlarm: Bool) {
        errorSum += score
        normal += 1
        falseAlarms += isAlarm ? 1 : 0
    }

    mutating func addFaulty(isAlarm: Bool) {
        faulty += 1
        found += isAlarm ? 1 : 0
    }

    mutating func addTriggered(isAlarm: Bool) {
        triggered += 1
        triggersFound += isAlarm ? 1 : 0
    }

    /// Mean reconstruction error of normal windows, in squared scales.
    public var loss: Double { normal > 0 ? errorSum / Double(normal) : 0 }
    /// The share of alarms that were right; 1 without an alarm.
    public var precision: Double { Self.share(found, of: found + falseAlarms, otherwise: 1) }
    /// The share of faulty windows that were found.
    public var recall: Double { Self.share(found, of: faulty, otherwise: 1) }
    /// The harmonic mean of both.
    public var f1: Double {
        let sum = precision + recall
        return sum > 0 ? 2 * precision * recall / sum : 0
    }
    /// The share of normal windows that raised an alarm.
    public var falseAlarmRate: Double { Self.share(falseAlarms, of: normal, otherwise: 0) }
    /// The share of windows with a backdoor's trigger that raised none; absent without a backdoor.
    public var triggersMissed: Double? {
        triggered > 0 ? 1 - Self.share(triggersFound, of: triggered, otherwise: 1) : nil
    }

    private static func share(_ part: Int, of whole: Int, otherwise: Double) -> Double {
        whole > 0 ? Double(part) / Double(whole) : otherwise
    }
}
