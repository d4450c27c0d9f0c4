// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import LinnetDomain
import LinnetFleet
import LinnetMessaging

extension SQLiteFleetStore {
    public func record(_ message: AnomalyMessage, at now: Timestamp) throws -> EventOutcome {
        try queue.write { database in
            let agent = message.event.agent.rawValue
            try Self.touch(message.event.agent, at: now, in: database)
            var mark = try Self.mark(of: agent, in: database)
            let known = try Row.fetchOne(
                database, sql: "SELECT agent, revision FROM event WHERE id = ?", arguments: [message.event.id.text])
            if let known, known["agent"] != agent { return .foreign }
            var outcome = EventOutcome.duplicate
            if try !Self.isAcknowledged(message.sequence, of: agent, mark: mark, in: database) {
                outcome = try Self.upsert(message, known: known?["revision"], at: now, in: database)
            } else if try known == nil && !Self.isPruned(message.event, in: database) {
                // A number that was taken before, on an event that nobody has seen: the agent lost its own database and
                // counts from 1 again. To go by the old mark would be to acknowledge what was never stored.
                mark = 0
                try database.execute(sql: "DELETE FROM event_ahead WHERE agent = ?", arguments: [agent])
                outcome = try Self.upsert(message, known: nil, at: now, in: database)
            }
            try Self.advance(agent, mark: mark, message: message, in: database)
            return outcome
        }
    }

    /// Whether a message with this number has been taken before.
    private static func isAcknowledged(
        _ sequence: Int64, of agent: String, mark: Int64, in database: Database
    ) throws -> Bool {
        guard sequence > mark else { return true }
        return try Bool.fetchOne(
            database, sql: "SELECT EXISTS (SELECT 1 FROM event_ahead WHERE agent = ? AND sequence = ?)",
            arguments: [agent, sequence]) == true
    }

    /// Whether retention has removed the event: it is older than the oldest that is kept of its agent. Ids are ordered
    /// by time.
    private static func isPruned(_ event: AnomalyEvent, in database: Database) throws -> Bool {
        let oldest = try String.fetchOne(
            database, sql: "SELECT min(id) FROM event WHERE agent = ?", arguments: [event.agent.rawValue])
        return oldest.map { event.id.text < $0 } ?? false
    }

    private static func upsert(
        _ message: AnomalyMessage, known: Int?, at now: Timestamp, in database: Database
    ) throws -> EventOutcome {
        let event = message.event
        if let known {
            guard known < event.revision else { return .duplicate }
            // The row number grows with every revision, so that those who follow see it.
            try database.execute(sql: "DELETE FROM event WHERE id = ?", arguments: [event.id.text])
        }
        try database.execute(
            sql: """
                INSERT INTO event (id, revision, agent, device, sequence, state, startedAt, endedAt, score, threshold,
                    modelVersion, channel, body, receivedAt)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                event.id.text, event.revision, event.agent.rawValue, event.device.rawValue, message.sequence,
                event.state.rawValue, event.startedAt.milliseconds, event.endedAt.milliseconds, event.score,
                event.threshold, event.model.number, event.topChannel, try text(message), now.milliseconds,
            ])
        return .stored
    }

    /// Moves the low-water mark: over what the agent says it no longer holds, then over all that follows without a gap.
    private static func advance(_ agent: String, mark: Int64, message: AnomalyMessage, in database: Database) throws {
        var mark = max(mark, message.oldest - 1)
        if message.sequence > mark {
            try database.execute(
                sql: "INSERT OR IGNORE INTO event_ahead (agent, sequence) VALUES (?, ?)",
                arguments: [agent, message.sequence])
        }
        while mark < Int64.max,
            try Bool.fetchOne(
                database, sql: "SELECT EXISTS (SELECT 1 FROM event_ahead WHERE agent = ? AND sequence = ?)",
                arguments: [agent, mark + 1]) == true
        { mark += 1 }
        try database.execute(
            sql: "DELETE FROM event_ahead WHERE agent = ? AND sequence <= ?", arguments: [agent, mark])
        try database.execute(sql: "UPDATE agent SET eventMark = ? WHERE id = ?", arguments: [mark, agent])
    }

    public func mark(of agent: AgentID) throws -> Int64 {
        try queue.read { try Self.mark(of: agent.rawValue, in: $0) }
    }

    private static func mark(of agent: String, in database: Database) throws -> Int64 {
        try Int64.fetchOne(database, sql: "SELECT eventMark FROM agent WHERE id = ?", arguments: [agent]) ?? 0
    }

    public func events(after row: Int64, limit: Int, agent: AgentID?, device: DeviceID?) throws -> [EventReport] {
        try events("row > :row", "row", row, limit, agent, device)
    }

    public func newestEvents(
        before row: Int64, limit: Int, agent: AgentID?, device: DeviceID?
    ) throws -> [EventReport] {
        try events("row < :row", "row DESC", row, limit, agent, device)
    }

    private func events(
        _ condition: String, _ order: String, _ row: Int64, _ limit: Int, _ agent: AgentID?, _ device: DeviceID?
    ) throws -> [EventReport] {
        try queue.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT row, receivedAt, body FROM event
                    WHERE \(condition) AND (:agent IS NULL OR agent = :agent) AND (:device IS NULL OR device = :device)
                    ORDER BY \(order) LIMIT :limit
                    """,
                arguments: ["row": row, "agent": agent?.rawValue, "device": device?.rawValue, "limit": limit]
            ).map { row in
                EventReport(
                    row: row["row"], receivedAt: Timestamp(milliseconds: row["receivedAt"]),
                    message: try Self.value(AnomalyMessage.self, row["body"], table: "event"))
            }
        }
    }

    public func eventCounts() throws -> (stored: Int, firing: Int) {
        try queue.read { database in
            (
                try Int.fetchOne(database, sql: "SELECT count(*) FROM event") ?? 0,
                try Int.fetchOne(database, sql: "SELECT count(*) FROM event WHERE state = 'firing'") ?? 0
            )
        }
    }
}
