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

    private static let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

    /// Reads `22:00-04:30`, on every day, or `mon-fri 22:00-04:30`, or `sat,sun 06:00-18:00`; `nil` for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: " ")
        guard let clock = parts.last, parts.count <= 2, let (from, to) = Self.minutes(clock),
            let days = parts.count == 1 ? Array(1...7) : Self.days(parts[0])
        else { return nil }
        self.init(fromMinute: from, toMinute: to, days: days)
    }

    private static func minutes(_ text: Substring) -> (from: Int, to: Int)? {
        let minutes = text.split(separator: "-", omittingEmptySubsequences: false).map { part -> Int? in
            let digits = part.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
            guard digits.count == 2, let hour = digits[0], let minute = digits[1], (0...23).contains(hour),
                (0...59).contains(minute)
            else { return nil }
            return hour * 60 + minute
        }
        guard minutes.count == 2, let from = minutes[0], let to = minutes[1] else { return nil }
        return (from, to)
    }

    /// Days in order, each once; a span goes on over Sunday where it has to.
    private static func days(_ text: Substring) -> [Int]? {
        var days: Set<Int> = []
        for part in text.lowercased().split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).compactMap { end in
                names.firstIndex(of: String(end))
            }
            guard let from = ends.first, let to = ends.last, ends.count <= 2,
                ends.count == part.split(separator: "-", omittingEmptySubsequences: false).count
            else { return nil }
            for step in 0...(to - from + 7) % 7 { days.insert((from + step) % 7 + 1) }
        }
        return days.sorted()
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
        let span = "\(clock(fromMinute))-\(clock(toMinute))"
        guard days != Array(1...7) else { return span }
        return days.map { (1...7).contains($0) ? Self.names[$0 - 1] : "\($0)" }.joined(separator: ",") + " " + span
    }
}
