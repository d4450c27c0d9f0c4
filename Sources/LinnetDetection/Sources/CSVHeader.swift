// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// What a CSV file's first line says: which column is the time, which the label, which are channels.
struct CSVHeader: Sendable, Equatable {
    let separator: UInt8
    let columns: [String]
    let timestampIndex: Int?
    let labelIndex: Int?
    let channelIndices: [Int]

    var channels: [Channel] { channelIndices.map { Channel(name: columns[$0]) } }

    static let timestampNames: Set<String> = ["datetime", "timestamp", "time", "date", "t"]
    static let maximumColumns = 4096

    init(_ line: [UInt8], settings: CSVReplaySettings) throws(DetectionError) {
        let path = settings.path
        // A byte-order mark is no part of the first name.
        let line = line.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(line.dropFirst(3)) : line
        let separator = settings.separator?.asciiValue ?? Self.separator(of: line)
        let names = CSVFields.split(line, by: separator).map { field in
            String(decoding: field, as: UTF8.self).trimmed
        }
        guard names.count <= Self.maximumColumns else {
            throw .source("\(path):1: \(names.count) columns; at most \(Self.maximumColumns) are read")
        }
        for (position, name) in names.enumerated() {
            if name.isEmpty { throw .source("\(path):1: column \(position + 1) has no name") }
            if names[..<position].contains(name) { throw .source("\(path):1: column \"\(name)\" stands there twice") }
        }
        func index(_ name: String?, _ what: String) throws(DetectionError) -> Int? {
            guard let name else { return nil }
            guard let index = names.firstIndex(of: name) else {
                throw .source(
                    "\(path):1: there is no \(what) column \"\(name)\"; there are \(names.prefix(30).joined(separator: ", "))"
                )
            }
            return index
        }
        let timestamp =
            try index(settings.timestampColumn, "timestamp")
            ?? names.firstIndex { Self.timestampNames.contains($0.lowercased()) }
        let label = try index(settings.labelColumn, "label")
        for name in settings.ignoredColumns { _ = try index(name, "ignored") }
        let channels = names.indices.filter { position in
            position != timestamp && position != label && !settings.ignoredColumns.contains(names[position])
        }
        guard !channels.isEmpty else { throw .source("\(path):1: no column is left to be a channel") }
        self.separator = separator
        columns = names
        timestampIndex = timestamp
        labelIndex = label
        channelIndices = channels
    }

    private static func separator(of line: [UInt8]) -> UInt8 {
        let candidates = Array(",;\t|".utf8)
        return candidates.max { left, right in
            line.count(where: { $0 == left }) < line.count(where: { $0 == right })
        } ?? candidates[0]
    }
}

/// Cuts a line into fields; a field in double quotes may hold the separator, and two quotes for one.
enum CSVFields {
    static func split(_ line: [UInt8], by separator: UInt8) -> [[UInt8]] {
        var fields: [[UInt8]] = [[]]
        var isQuoted = false
        var position = 0
        while position < line.count {
            let byte = line[position]
            if byte == 34 {
                if isQuoted, position + 1 < line.count, line[position + 1] == 34 {
                    fields[fields.count - 1].append(34)
                    position += 1
                } else {
                    isQuoted.toggle()
                }
            } else if byte == separator, !isQuoted {
                fields.append([])
            } else {
                fields[fields.count - 1].append(byte)
            }
            position += 1
        }
        return fields
    }
}

extension String {
    var trimmed: String {
        var rest = self[...]
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}
