// SPDX-License-Identifier: Apache-2.0
//
// history      row INTEGER, entry BLOB, digest TEXT
//     entry    the step as JSON with sorted keys, see HistoryEntry
//     digest   sha256 of: digest of the row before LF row number LF entry
// meta         historyAnchor, historyHead: "<row> <digest>" of the last row that was let go, and of the newest
//
// The row before the first is row 0, whose digest is that of no bytes at all. The anchor stands in for the rows that the limit has let go,
// so that what is left can be checked without them; the head shows where the newest rows were cut off.

import FoundationEssentials
import GRDB
import LinnetDomain
import LinnetMessaging

/// Writes the history's rows and checks them.
///
/// It shows a row that was changed, taken out or put in by hand or by a failing disk. It is no seal against somebody who
/// may write the file and computes the whole chain anew: against that, keep what the coordinator was told.
enum HistoryChain {
    /// A place in the chain.
    private struct Link: Equatable {
        var row: Int64
        var digest: Digest

        static let start = Link(row: 0, digest: Digest(of: Data()))

        init(row: Int64, digest: Digest) {
            self.row = row
            self.digest = digest
        }

        /// Reads `12 9f3c…`.
        init?(_ text: String) {
            let words = text.split(separator: " ")
            guard words.count == 2, let row = Int64(words[0]), let digest = Digest(hex: String(words[1])) else {
                return nil
            }
            self.init(row: row, digest: digest)
        }

        var text: String { "\(row) \(digest.hex)" }

        /// The link after this one.
        func next(_ entry: Data) -> Link {
            let row = row &+ 1
            return Link(row: row, digest: Digest(of: Data("\(digest.hex)\n\(row)\n".utf8) + entry))
        }
    }

    private struct StoredRow: Decodable, FetchableRecord {
        var row: Int64
        var entry: Data
        var digest: String
    }

    /// Adds a step to the end, and lets the oldest go above the limit.
    static func append(_ entry: HistoryEntry, limit: Int, _ db: Database) throws {
        let bytes = try Wire.encode(entry)
        // A head that can not be read is what a check will show; new rows go on from the rows that are there.
        let head = try Meta.historyHead.text(db).flatMap(Link.init) ?? .start
        let newest = try Int64.fetchOne(db, sql: "SELECT MAX(row) FROM history") ?? 0
        let link = Link(row: max(head.row, newest), digest: head.digest).next(bytes)
        try db.execute(
            sql: "INSERT INTO history (row, entry, digest) VALUES (?, ?, ?)",
            arguments: [link.row, bytes, link.digest.hex])
        try Meta.historyHead.write(db, link.text)
        try prune(keeping: limit, newest: link.row, db)
    }

    private static func prune(keeping limit: Int, newest: Int64, _ db: Database) throws {
        let last = newest - Int64(max(1, limit))
        let row = try StoredRow.fetchOne(
            db, sql: "SELECT * FROM history WHERE row <= ? ORDER BY row DESC LIMIT 1", arguments: [last])
        guard let row else { return }
        try Meta.historyAnchor.write(db, "\(row.row) \(row.digest)")
        try db.execute(sql: "DELETE FROM history WHERE row <= ?", arguments: [row.row])
    }

    /// Reads all rows, and checks each against the one before.
    static func read(_ db: Database) throws -> ModelHistory {
        var history = ModelHistory(rows: [])
        var link = try Meta.historyAnchor.text(db).flatMap(Link.init) ?? .start
        for row in try StoredRow.fetchAll(db, sql: "SELECT * FROM history ORDER BY row") {
            let next = link.next(row.entry)
            let entry = try? JSONDecoder().decode(HistoryEntry.self, from: row.entry)
            if history.fault == nil, row.row != next.row {
                history.fault = .missing(row: next.row)
            } else if history.fault == nil, row.digest != next.digest.hex || entry == nil {
                history.fault = .changed(row: row.row)
            }
            // Shown all the same, beside the fault: a person may still make something of it.
            if let entry { history.rows.append(ModelHistory.Row(row: row.row, entry: entry)) }
            link = Link(row: row.row, digest: Digest(hex: row.digest) ?? next.digest)
        }
        let head = try Meta.historyHead.text(db).flatMap(Link.init) ?? .start
        if history.fault == nil, head != link { history.fault = .cutOff(after: link.row, last: head.row) }
        return history
    }
}
