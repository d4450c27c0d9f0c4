// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import LinnetDomain

extension EdgeStore {
    private struct PayloadRow: Decodable, FetchableRecord { var payload: Data }
    private struct StateRow: Decodable, FetchableRecord { var state: Data }

    /// Writes an event into the ledger: a new alarm, or the end of one.
    static func record(_ event: AnomalyEvent, payload: Data, _ db: Database, limit: Int) throws {
        let endedAt = event.state == .cleared ? event.endedAt.milliseconds : nil
        try db.execute(
            sql: """
                INSERT INTO alarm (id, device, startedAt, endedAt, score, peakScore, threshold, channel, modelVersion,
                    modelDigest, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET endedAt = excluded.endedAt, peakScore = excluded.peakScore,
                    payload = excluded.payload
                """,
            arguments: [
                event.id.text, event.device.rawValue, event.startedAt.milliseconds, endedAt, event.score,
                event.peakScore, event.threshold, event.topChannel, event.model.number, event.model.digest.hex, payload,
            ])
        guard event.state == .cleared else { return }
        // Ids begin with the time, so the lowest are the oldest.
        try db.execute(
            sql: """
                DELETE FROM alarm WHERE endedAt IS NOT NULL AND id <=
                    (SELECT id FROM alarm WHERE endedAt IS NOT NULL ORDER BY id DESC LIMIT 1 OFFSET ?)
                """, arguments: [limit])
    }

    static func save(_ alarmState: Data, of device: DeviceID, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO alarm_state (device, state) VALUES (?, ?)
                ON CONFLICT (device) DO UPDATE SET state = excluded.state
                """, arguments: [device.rawValue, alarmState])
    }

    /// Keeps where a device stands between calm and alarm.
    public func save(alarmState: Data, of device: DeviceID) async throws(EdgeStoreError) {
        try await write { db in try Self.save(alarmState, of: device, db) }
    }

    /// Where a device stood when this was last saved.
    public func alarmState(of device: DeviceID) async throws(EdgeStoreError) -> Data? {
        try await read { db in
            try StateRow.fetchOne(
                db, sql: "SELECT state FROM alarm_state WHERE device = ?", arguments: [device.rawValue])?.state
        }
    }

    /// The alarm of a device that was raised and has not cleared.
    public func openAlarm(of device: DeviceID) async throws(EdgeStoreError) -> AnomalyEvent? {
        let row = try await read { db in
            try PayloadRow.fetchOne(
                db, sql: "SELECT payload FROM alarm WHERE device = ? AND endedAt IS NULL ORDER BY id DESC LIMIT 1",
                arguments: [device.rawValue])
        }
        // An alarm whose bytes are broken can not be cleared any more; the ledger keeps it as it is.
        return row.flatMap { try? OutboxEntry.event(from: $0.payload) }
    }

    /// The newest alarms of a device that have cleared, oldest first; those whose bytes are broken are left out.
    public func recentAlarms(of device: DeviceID, newest limit: Int) async throws(EdgeStoreError) -> [AnomalyEvent] {
        let rows = try await read { db in
            try PayloadRow.fetchAll(
                db,
                sql: """
                    SELECT payload FROM alarm WHERE device = ? AND endedAt IS NOT NULL ORDER BY id DESC LIMIT ?
                    """, arguments: [device.rawValue, limit])
        }
        return rows.reversed().compactMap { try? OutboxEntry.event(from: $0.payload) }
    }

    /// Alarms raised since the agent was installed, by device.
    public func alarmCounts() async throws(EdgeStoreError) -> [DeviceID: Int] {
        try await countByDevice("SELECT device, COUNT(*) AS count FROM alarm GROUP BY device")
    }

    private struct CountRow: Decodable, FetchableRecord {
        var device: String
        var count: Int
    }

    func countByDevice(_ query: String) async throws(EdgeStoreError) -> [DeviceID: Int] {
        let rows = try await read { db in try CountRow.fetchAll(db, sql: query) }
        let pairs = rows.compactMap { row in DeviceID(rawValue: row.device).map { ($0, row.count) } }
        return Dictionary(pairs) { first, _ in first }
    }
}
