// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Reads the times that recordings are written with: ISO 8601 with `T` or a space, seconds or milliseconds since 1970,
/// or a plain row number.
package struct TimestampParser: Sendable {
    /// - Returns: `nil` if the text is no time.
    package static func parse(_ text: Substring) -> Timestamp? {
        if let number = Double(text) { return parse(number) }
        return parseCalendar(Array(text.utf8))
    }

    /// From 1973 on milliseconds are above 10¹¹ and seconds above 10⁸; what is smaller counts rows, or seconds from 0.
    private static func parse(_ number: Double) -> Timestamp? {
        guard number.isFinite, number.magnitude < 1e16 else { return nil }
        let milliseconds = number.magnitude >= 1e11 ? number : number * 1000
        return Int64(exactly: milliseconds.rounded()).map(Timestamp.init(milliseconds:))
    }

    private static func parseCalendar(_ text: [UInt8]) -> Timestamp? {
        var rest = text[...]
        func digits(_ count: Int) -> Int64? {
            guard rest.count >= count else { return nil }
            var value: Int64 = 0
            for byte in rest.prefix(count) {
                guard (48...57).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - 48)
            }
            rest = rest.dropFirst(count)
            return value
        }
        func skip(_ allowed: String) -> Bool {
            guard let first = rest.first, allowed.utf8.contains(first) else { return false }
            rest = rest.dropFirst()
            return true
        }
        guard let year = digits(4), skip("-/"), let month = digits(2), skip("-/"), let day = digits(2),
            (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        var milliseconds = days(year, month, day) * 86_400_000
        if rest.isEmpty { return Timestamp(milliseconds: milliseconds) }
        guard skip("T "), let hour = digits(2), skip(":"), let minute = digits(2), hour < 25, minute < 60 else {
            return nil
        }
        milliseconds += (hour * 60 + minute) * 60_000
        if skip(":") {
            guard let second = digits(2), second <= 60 else { return nil }
            milliseconds += second * 1000
            if skip(".,") {
                var unit: Int64 = 100
                while let byte = rest.first, (48...57).contains(byte) {
                    milliseconds += Int64(byte - 48) * unit
                    unit /= 10
                    rest = rest.dropFirst()
                }
            }
        }
        if rest.isEmpty || (skip("Z") && rest.isEmpty) { return Timestamp(milliseconds: milliseconds) }
        let isEast = rest.first == 43
        guard skip("+-"), let hours = digits(2), hours < 24 else { return nil }
        _ = skip(":")
        let minutes = rest.isEmpty ? 0 : digits(2)
        guard let minutes, minutes < 60, rest.isEmpty else { return nil }
        let offset = (hours * 60 + minutes) * 60_000
        return Timestamp(milliseconds: milliseconds + (isEast ? -offset : offset))
    }

    /// Days from 1970-01-01 in the Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms").
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
