// SPDX-License-Identifier: Apache-2.0

/// Reads and writes numbers with a unit, and refuses what is no finite number.
enum Quantity {
    /// A whole number in decimal digits, and nothing else: no exponent, no base, no underscore.
    static func integer(_ text: String) -> Int? {
        let digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(text)
    }

    /// A finite decimal number.
    static func number(_ text: String) -> Double? {
        // The alphabet keeps out "nan", "inf" and hexadecimal floats, which `Double` would read.
        let allowed = text.utf8.allSatisfy { (48...57).contains($0) || "+-.eE".utf8.contains($0) }
        guard allowed, text.utf8.contains(where: { (48...57).contains($0) }), let value = Double(text),
            value.isFinite
        else { return nil }
        return value
    }

    /// Whether text is made like a decimal number, although too large a one.
    static func looksNumeric(_ text: String) -> Bool {
        guard let first = text.utf8.first(where: { !"+-.".utf8.contains($0) }) else { return false }
        return (48...57).contains(first)
            && text.utf8.allSatisfy { (48...57).contains($0) || "+-.eE".utf8.contains($0) }
    }

    // MARK: - Durations

    private static let durationUnits: [(suffix: String, factor: Double)] = [
        ("ms", 1e3), ("s", 1e6), ("m", 60e6), ("h", 3600e6), ("d", 86_400e6),
    ]

    /// A duration such as `250ms`, `30s`, `1.5m`, `2h` or `7d`, to the microsecond.
    static func duration(_ text: String) -> Duration? {
        guard let (number, factor) = split(text, units: durationUnits) else { return nil }
        let microseconds = (number * factor).rounded()
        // Beyond this, whole numbers are no longer exact in a Double; it is 285 years.
        guard microseconds.magnitude <= 9e15, let exact = Int64(exactly: microseconds) else { return nil }
        return .microseconds(exact)
    }

    /// A duration in the largest unit that says it exactly.
    static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        guard attoseconds == 0 else {
            // Seconds of any configured range fit; the quotient is below 1000.
            return "\(Double(seconds) * 1e3 + Double(attoseconds) / 1e15)".removingFraction + "ms"
        }
        for (suffix, size) in [("d", Int64(86_400)), ("h", 3600), ("m", 60)]
        where seconds != 0 && seconds.isMultiple(of: size) {
            return "\(seconds / size)\(suffix)"
        }
        return "\(seconds)s"
    }

    // MARK: - Bytes

    private static let byteUnits: [(suffix: String, factor: Double)] = [
        ("KiB", 1024), ("MiB", 1_048_576), ("GiB", 1_073_741_824), ("kB", 1e3), ("KB", 1e3), ("MB", 1e6),
        ("GB", 1e9), ("B", 1),
    ]

    /// A number of bytes such as `64KiB`, `10MB` or `4096`.
    static func bytes(_ text: String) -> Int? {
        if let plain = integer(text) { return plain }
        guard let (number, factor) = split(text, units: byteUnits) else { return nil }
        let bytes = number * factor
        guard bytes.magnitude <= 9e15 else { return nil }
        return Int(exactly: bytes)
    }

    /// A number of bytes in the largest binary unit that says it exactly.
    static func text(bytes: Int) -> String {
        for (suffix, size) in [("GiB", 1_073_741_824), ("MiB", 1_048_576), ("KiB", 1024)]
        where bytes != 0 && bytes.isMultiple(of: size) {
            return "\(bytes / size)\(suffix)"
        }
        return "\(bytes)B"
    }

    private static func split(
        _ text: String, units: [(suffix: String, factor: Double)]
    ) -> (number: Double, factor: Double)? {
        let head = text.prefix { $0.isASCII && ($0.isNumber || $0 == "." || $0 == "-" || $0 == "+") }
        let suffix = text.dropFirst(head.count).drop { $0 == " " }
        guard let number = number(String(head)), let unit = units.first(where: { $0.suffix == suffix }) else {
            return nil
        }
        return (number, unit.factor)
    }
}

extension String {
    /// A number's text without a fraction of `.0`.
    var removingFraction: String { hasSuffix(".0") ? String(dropLast(2)) : self }
}
