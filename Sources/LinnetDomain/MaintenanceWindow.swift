// SPDX-License-Identifier: Apache-2.0

/// A span of the day, in UTC, in which something may begin; it may go over midnight.
public struct MaintenanceWindow: Codable, Sendable, Hashable, CustomStringConvertible {
    /// Minutes after midnight.
    public var fromMinute: Int
    public var toMinute: Int
    /// 1 is Monday, 7 Sunday: the day on which the window opens.
    public var days: [Int]

    public init(fromMinute: Int, toMinute: Int, days: [Int] = Array(1...7)) {
        self.fromMinute = fromMinute
        self.toMinute = toMinute
        self.days = days
    }

    /// Reads `22:00-04:30`, on every day; `nil` for anything else.
    public init?(_ text: String) {
        let minutes = text.split(separator: "-", omittingEmptySubsequences: false).map { part -> Int? in
            let digits = part.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
            guard digits.count == 2, let hour = digits[0], let minute = digits[1], (0...23).contains(hour),
                (0...59).contains(minute)
            else { return nil }
            return hour * 60 + minute
        }
        guard minutes.count == 2, let from = minutes[0], let to = minutes[1] else { return nil }
        self.init(fromMinute: from, toMinute: to)
    }

    /// What of it can not be; `nil` if nothing.
    public var problem: (found: String, allowed: String)? {
        guard (0..<1440).contains(fromMinute), (0..<1440).contains(toMinute), fromMinute != toMinute else {
            return ("\(fromMinute) to \(toMinute) minutes after midnight", "two different minutes from 0 to 1439")
        }
        guard (1...7).contains(days.count), days.allSatisfy((1...7).contains) else {
            return ("open on the days \(days.prefix(8))", "open on 1 to 7 days of 1 (Monday) to 7 (Sunday)")
        }
        return nil
    }

    /// Whether the window is open at a time.
    public func isOpen(at time: Timestamp) -> Bool {
        let minutes = Self.floor(time.milliseconds, by: 60_000)
        let day = Self.floor(minutes, by: 1440)
        let minute = Int(minutes - day * 1440)
        // 1970-01-01 was a Thursday.
        let weekday = Int(((day + 3) % 7 + 7) % 7) + 1
        let before = weekday == 1 ? 7 : weekday - 1
        if fromMinute < toMinute { return days.contains(weekday) && (fromMinute..<toMinute).contains(minute) }
        return minute >= fromMinute && days.contains(weekday) || minute < toMinute && days.contains(before)
    }

    private static func floor(_ value: Int64, by divisor: Int64) -> Int64 {
        value >= 0 ? value / divisor : (value + 1) / divisor - 1
    }

    public var description: String {
        func clock(_ minutes: Int) -> String {
            "\(minutes / 60 < 10 ? "0" : "")\(minutes / 60):\(minutes % 60 < 10 ? "0" : "")\(minutes % 60)"
        }
        return "\(clock(fromMinute))-\(clock(toMinute))"
    }
}
