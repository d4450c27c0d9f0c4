// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// One line of a CSV file as what its header says it is.
struct CSVRow: Sendable {
    var time: Timestamp
    /// The time as it is written; the line's number where there is no time column.
    var timeText: String
    /// In the order of the header's channels, NaN where a value is missing.
    var values: [Float]
    var isLabelled: Bool

    /// Reads one line; `nil` for an empty one.
    ///
    /// - Throws: ``DetectionError/source(_:)`` naming file, line and column of what is neither a number nor missing.
    init?(_ line: [UInt8], number: Int, header: CSVHeader, path: String) throws(DetectionError) {
        if line.allSatisfy({ $0 == 32 || $0 == 9 }) { return nil }
        let fields = CSVFields.split(line, by: header.separator)
        let place = "\(path):\(number)"
        guard fields.count == header.columns.count else {
            throw .source("\(place): \(fields.count) fields; the header has \(header.columns.count) columns")
        }
        time = Timestamp(milliseconds: Int64(number) * 1000)
        timeText = "\(number)"
        if let index = header.timestampIndex {
            timeText = Self.text(fields[index])
            guard let parsed = TimestampParser.parse(timeText[...]) else {
                throw .source(
                    "\(place): column \"\(header.columns[index])\" is \"\(timeText.prefix(40))\"; a time is ISO 8601, "
                        + "or seconds or milliseconds since 1970")
            }
            time = parsed
        }
        values = []
        values.reserveCapacity(header.channelIndices.count)
        for index in header.channelIndices {
            values.append(try Self.value(fields[index], place: place, column: header.columns[index]))
        }
        isLabelled = false
        if let index = header.labelIndex {
            isLabelled = try Self.label(fields[index], place: place, column: header.columns[index])
        }
    }

    private static let missingWords: Set<String> = ["", "nan", "na", "n/a", "null", "none", "?", "-"]

    private static func value(_ field: [UInt8], place: String, column: String) throws(DetectionError) -> Float {
        let text = text(field)
        if let number = Float(text) { return number.isFinite ? number : .nan }
        if missingWords.contains(text.lowercased()) { return .nan }
        throw .source(
            "\(place): column \"\(column)\" is \"\(text.prefix(40))\"; a channel holds numbers, or nothing where a value "
                + "is missing (leave the column out: ignoreColumns in a configuration, --ignore on the command line)")
    }

    /// Whether a label says anomalous; a missing one does not.
    private static func label(_ field: [UInt8], place: String, column: String) throws(DetectionError) -> Bool {
        let text = text(field)
        if let number = Float(text) { return number.isFinite && number != 0 }
        switch text.lowercased() {
        case "true": return true
        case "false": return false
        case let word where missingWords.contains(word): return false
        default:
            throw .source(
                "\(place): column \"\(column)\" is \"\(text.prefix(40))\"; a label is 0 or false for normal, and 1 or true "
                    + "for anomalous")
        }
    }

    private static func text(_ field: [UInt8]) -> String { String(decoding: field, as: UTF8.self).trimmed }
}
