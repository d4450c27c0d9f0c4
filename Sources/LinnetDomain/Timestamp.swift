// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
///
/// Wall-clock time is advisory in Linnet: order comes from sequence numbers, and deadlines are kept by the side that set them.
public struct Timestamp: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// Milliseconds since the Unix epoch; negative before it.
    public var milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// The time of a `Date`, to the millisecond; a date no `Int64` can hold becomes the epoch.
    public init(_ date: Date) {
        milliseconds = Int64(exactly: (date.timeIntervalSince1970 * 1000).rounded()) ?? 0
    }

    /// The system's wall clock; everything below a composition root is handed a clock instead.
    public static func now() -> Timestamp { Timestamp(Date()) }

    public var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }

    /// ISO 8601 in UTC, to the millisecond, for every time there is: `2026-01-01T00:00:00.000Z`.
    ///
    /// Computed in whole numbers: a date formatter goes by way of a Double, and is off by a millisecond at times.
    public var description: String {
        let day = Self.floorDivision(milliseconds, 86_400_000)
        let (year, month, dayOfMonth) = Self.civilDate(daysSinceEpoch: day.quotient)
        func digits(_ value: Int64, _ count: Int) -> String {
            let text = String(value.magnitude)
            return (value < 0 ? "-" : "") + String(repeating: "0", count: max(0, count - text.count)) + text
        }
        let (seconds, fraction) = day.remainder.quotientAndRemainder(dividingBy: 1000)
        let time = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { digits($0, 2) }.joined(separator: ":")
        return "\(digits(year, 4))-\(digits(month, 2))-\(digits(dayOfMonth, 2))T\(time).\(digits(fraction, 3))Z"
    }

    /// Division whose remainder is never negative.
    private static func floorDivision(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    /// The Gregorian date of a day (Hinnant, "chrono-compatible low-level date algorithms", civil_from_days).
    private static func civilDate(daysSinceEpoch days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        // Years are counted from March, so that the leap day is a year's last, and eras of 400 years are all alike.
        let (era, dayOfEra) = floorDivision(days + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let isNextYear: Int64 = month >= 10 ? 1 : 0
        return (yearOfEra + era * 400 + isNextYear, month + 3 - 12 * isNextYear, day)
    }

    /// Milliseconds from `other` to this point; saturates rather than overflow.
    public func milliseconds(since other: Timestamp) -> Int64 {
        let (difference, overflow) = milliseconds.subtractingReportingOverflow(other.milliseconds)
        return overflow ? (milliseconds > other.milliseconds ? .max : .min) : difference
    }

    /// The point `duration` milliseconds later; saturates rather than overflow.
    public func adding(milliseconds duration: Int64) -> Timestamp {
        let (sum, overflow) = milliseconds.addingReportingOverflow(duration)
        return Timestamp(milliseconds: overflow ? (duration > 0 ? .max : .min) : sum)
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    public init(from decoder: any Decoder) throws {
        milliseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }
}
