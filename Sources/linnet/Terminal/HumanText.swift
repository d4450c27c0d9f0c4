// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetDomain

/// Numbers and times as a person says them.
package enum HumanText {
    /// How long ago something was: `just now`, `12 s ago`, `3 min ago`, `2 h ago`, `5 d ago`.
    package static func ago(_ time: Timestamp, now: Timestamp) -> String {
        let seconds = now.milliseconds(since: time) / 1000
        return switch seconds {
        case ..<(-1): "in \(span(seconds: -seconds))"
        case ..<1: "just now"
        default: "\(span(seconds: seconds)) ago"
        }
    }

    /// A length of time in its largest whole unit: `45 s`, `3 min`, `2 h`, `5 d`.
    package static func span(seconds: Int64) -> String {
        switch seconds {
        case ..<100: "\(seconds) s"
        case ..<6000: "\((seconds + 30) / 60) min"
        case ..<172_800: "\((seconds + 1800) / 3600) h"
        default: "\((seconds + 43_200) / 86_400) d"
        }
    }

    /// The time of day in UTC, to the second.
    package static func clock(_ time: Timestamp) -> String {
        String(time.description.dropFirst(11).prefix(8))
    }

    /// Date and time of day in UTC, to the second.
    package static func dateTime(_ time: Timestamp) -> String {
        time.description.prefix(19).replacingOccurrences(of: "T", with: " ")
    }

    /// A number with as many digits as say something: `0.0312`, `4.71`, `128`, `1.2e+09`; `–` for none.
    package static func number(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "–" }
        let size = abs(value)
        return switch size {
        case 0: "0"
        case ..<0.001: String(format: "%.1e", value)
        case ..<1: String(format: "%.4f", value)
        case ..<100: String(format: "%.2f", value)
        case ..<1_000_000: String(format: "%.0f", value)
        default: String(format: "%.1e", value)
        }
    }

    /// A whole number with a comma every three digits.
    package static func count(_ value: Int) -> String {
        var digits = String(value.magnitude)
        var groups: [Substring] = []
        while digits.count > 3 {
            groups.insert(digits.suffix(3), at: 0)
            digits.removeLast(3)
        }
        return (value < 0 ? "-" : "") + ([digits] + groups.map(String.init)).joined(separator: ",")
    }

    /// Bytes in the largest unit of 1024 that keeps them above one: `18.2 MiB`.
    package static func bytes(_ value: Int) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var rest = Double(value)
        var unit = 0
        while abs(rest) >= 1024, unit < units.count - 1 {
            rest /= 1024
            unit += 1
        }
        return unit == 0 ? "\(value) B" : String(format: "%.1f %@", rest, units[unit])
    }

    /// One thing or several: `1 agent`, `3 agents`.
    package static func plural(_ value: Int, _ one: String, _ many: String? = nil) -> String {
        "\(count(value)) \(value == 1 ? one : many ?? one + "s")"
    }

    /// A row of eight block heights, the largest value the highest: `█▆▄▃▂▁`; values that are not finite are left out.
    package static func sparkline(_ values: [Double]) -> String {
        let finite = values.filter(\.isFinite)
        guard let low = finite.min(), let high = finite.max(), high > low else {
            return String(repeating: "▄", count: finite.count)
        }
        let blocks = Array("▁▂▃▄▅▆▇█")
        return String(finite.map { blocks[min(7, Int((($0 - low) / (high - low) * 8).rounded(.down)))] })
    }

    /// A bar of `width` cells that is full where `value` reaches `limit`.
    package static func bar(_ value: Double, of limit: Double, width: Int) -> String {
        guard value.isFinite, limit.isFinite, limit > 0 else { return String(repeating: "·", count: width) }
        let filled = Int((min(max(value / limit, 0), 1) * Double(width)).rounded())
        return String(repeating: "█", count: filled) + String(repeating: "·", count: width - filled)
    }
}
