// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a CSV file's header and first rows say of it: its separator, which column is the time, which are numbers.
///
/// Only for choosing files: whether every row can be read is for the agent that replays it to say.
package struct CSVLayout: Hashable, Comparable, Sendable {
    package var separator: Character
    package var columns: [String]
    /// The column with the time of a row, if there is one.
    package var timestampColumn: String?
    /// The column that says whether a row was recorded under a fault, if there is one.
    package var labelColumn: String?
    /// Columns that are no sensor: text, row numbers, further labels.
    package var ignoredColumns: [String]

    /// The sensors.
    package var channels: [String] {
        columns.filter { $0 != timestampColumn && $0 != labelColumn && !ignoredColumns.contains($0) }
    }

    package static func < (left: CSVLayout, right: CSVLayout) -> Bool {
        (left.columns.joined(separator: "\n")) < (right.columns.joined(separator: "\n"))
    }

    private static let timeNames: Set = ["datetime", "timestamp", "time", "date", "date_time", "ts"]
    private static let labelNames: Set = ["anomaly", "label", "labels", "is_anomaly", "attack", "outlier"]
    private static let furtherLabels: Set = ["changepoint", "machine failure", "fault", "class", "target"]
    private static let mostBytes = 256 << 20
    private static let mostChannels = 256

    /// Reads the header of a file and counts its rows.
    ///
    /// - Parameter option: what the file was named by, for messages.
    static func read(
        _ path: String, option: String = "--data", fewestRows: Int = DataFolder.fewestRows
    ) throws(CommandFailure) -> (CSVLayout, rows: Int) {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)  // unreadable is told apart below
        let size = (attributes?[.size] as? NSNumber)?.intValue ?? 0
        guard size <= mostBytes else {
            throw .usage(
                "\(option) \(path): \(HumanText.bytes(size)); at most \(HumanText.bytes(mostBytes)) can be replayed")
        }
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw .usage("\(option) \(path): can not be read; check its permissions")
        }
        let lineFeeds = bytes.withUnsafeBytes { body in body.count { $0 == 10 } }
        let rows = lineFeeds - (bytes.last == 10 ? 1 : 0)
        let head = String(decoding: bytes.prefix(65_536), as: UTF8.self).split(whereSeparator: \.isNewline).prefix(20)
        guard let header = head.first, rows >= fewestRows else {
            throw .usage("\(option) \(path): \(max(0, rows)) rows; at least \(fewestRows) are needed")
        }
        let layout = try CSVLayout(
            path: path, option: option, header: String(header), rows: head.dropFirst().map(String.init))
        return (layout, rows)
    }

    private init(path: String, option: String, header: String, rows: [String]) throws(CommandFailure) {
        let found = [",", ";", "\t", "|"].map(Character.init).max { first, second in
            header.count { $0 == first } < header.count { $0 == second }
        }
        guard let separator = found, header.contains(separator) else {
            throw .usage("\(option) \(path): the first line has one column only; separate columns by , ; | or a tab")
        }
        func cells(_ line: String) -> [String] {
            line.split(separator: separator, omittingEmptySubsequences: false).map {
                $0.trimmingCharacters(in: .whitespaces.union(CharacterSet(charactersIn: "\"\u{FEFF}")))
            }
        }
        let names = cells(header)
        guard Set(names).count == names.count, names.allSatisfy({ !$0.isEmpty && Double($0) == nil }) else {
            throw .usage("\(option) \(path): the first line must name every column, each differently")
        }
        let body = rows.map(cells)
        func isNumeric(_ column: Int) -> Bool {
            body.contains { column < $0.count && Double($0[column]) != nil }
                && body.allSatisfy { column >= $0.count || $0[column].isEmpty || Double($0[column]) != nil }
        }
        func name(in known: Set<String>) -> String? { names.first { known.contains($0.lowercased()) } }
        self.separator = separator
        columns = names
        timestampColumn = name(in: Self.timeNames)
        let label = name(in: Self.labelNames)
        labelColumn = label
        let time = timestampColumn
        ignoredColumns = names.indices.filter { column in
            names[column] != time && names[column] != label
                && (!isNumeric(column) || Self.furtherLabels.contains(names[column].lowercased()))
        }.map { names[$0] }
        guard (1...Self.mostChannels).contains(channels.count) else {
            throw .usage(
                "\(option) \(path): \(channels.count) columns of numbers; 1 to \(Self.mostChannels) are needed")
        }
    }
}
