// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import LinnetDomain
import LinnetMessaging

extension EdgeStore {
    /// What a full outbox has dropped, and what waits in it.
    public struct OutboxStatus: Sendable, Equatable {
        /// Events that wait.
        public var depth: Int
        /// Lowest number that waits; `nil` if nothing does.
        public var oldest: Int64?
        /// Events dropped since the agent was installed.
        public var dropped: Int

        public init(depth: Int, oldest: Int64?, dropped: Int) {
            self.depth = depth
            self.oldest = oldest
            self.dropped = dropped
        }
    }

    private struct OutboxRow: Decodable, FetchableRecord {
        var sequence: Int64
        var payload: Data
        var writtenAt: Int64
    }

    /// Commits one revision of an event: outbox row, ledger and the device's alarm state, in one transaction.
    ///
    /// A full outbox makes room first: the oldest message that an alarm has cleared goes before any that one was raised,
    /// for a fault nobody hears of is worse than one that seems to go on. Every drop is counted in the same transaction.
    ///
    /// - Parameter alarmState: what to go on from after a restart, in the pipeline's own encoding.
    /// - Returns: the number under which the event waits.
    /// - Throws: ``EdgeStoreError``; nothing was written then.
    @discardableResult
    public func commit(
        _ event: AnomalyEvent, alarmState: Data, at time: Timestamp
    ) async throws(EdgeStoreError) -> Int64 {
        let path = path
        let payload: Data
        do { payload = try OutboxEntry.payload(of: event) } catch {
            throw .failing(path: path, reason: "event \(event.id) can not be written: \(error)")
        }
        let limits = limits
        return try await write { db in
            try Self.makeRoom(db, limit: limits.maximumEvents)
            try db.execute(
                sql: "INSERT INTO outbox (event, revision, device, payload, writtenAt) VALUES (?, ?, ?, ?, ?)",
                arguments: [
                    event.id.text, event.revision, event.device.rawValue, payload, time.milliseconds,
                ])
            let sequence = db.lastInsertedRowID
            try Self.record(event, payload: payload, db, limit: limits.maximumAlarms)
            try Self.save(alarmState, of: event.device, db)
            return sequence
        }
    }

    private static func makeRoom(_ db: Database, limit: Int) throws {
        let depth = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM outbox") ?? 0
        let surplus = depth - limit + 1
        guard surplus > 0 else { return }
        try db.execute(
            sql: """
                DELETE FROM outbox WHERE sequence IN
                    (SELECT sequence FROM outbox ORDER BY revision > 1 DESC, sequence LIMIT ?)
                """, arguments: [surplus])
        let dropped = try Meta.outboxDropped.number(db)
        try Meta.outboxDropped.write(db, dropped + Int64(surplus))
    }

    /// The next events to be sent, in order.
    ///
    /// A row that can not be read any more is deleted and counted as dropped, so that it does not hold up all behind it.
    public func outbox(after sequence: Int64, limit: Int) async throws(EdgeStoreError) -> [OutboxEntry] {
        let rows = try await read { db in
            try OutboxRow.fetchAll(
                db, sql: "SELECT sequence, payload, writtenAt FROM outbox WHERE sequence > ? ORDER BY sequence LIMIT ?",
                arguments: [sequence, limit])
        }
        var entries: [OutboxEntry] = []
        for row in rows {
            do throws(WireError) {
                let event = try OutboxEntry.event(from: row.payload)
                let time = Timestamp(milliseconds: row.writtenAt)
                entries.append(OutboxEntry(sequence: row.sequence, event: event, writtenAt: time))
            } catch {
                try await drop(row.sequence)
            }
        }
        return entries
    }

    private func drop(_ sequence: Int64) async throws(EdgeStoreError) {
        try await write { db in
            try db.execute(sql: "DELETE FROM outbox WHERE sequence = ?", arguments: [sequence])
            try Meta.outboxDropped.write(db, try Meta.outboxDropped.number(db) + 1)
        }
    }

    /// Lets go of what the coordinator has stored.
    ///
    /// - Returns: how many events went.
    @discardableResult
    public func acknowledge(through sequence: Int64) async throws(EdgeStoreError) -> Int {
        try await write { db in
            try db.execute(sql: "DELETE FROM outbox WHERE sequence <= ?", arguments: [sequence])
            return db.changesCount
        }
    }

    /// How full the outbox is.
    public func outboxStatus() async throws(EdgeStoreError) -> OutboxStatus {
        try await read { db in
            OutboxStatus(
                depth: try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM outbox") ?? 0,
                oldest: try Int64.fetchOne(db, sql: "SELECT MIN(sequence) FROM outbox"),
                dropped: Int(clamping: try Meta.outboxDropped.number(db)))
        }
    }
}
