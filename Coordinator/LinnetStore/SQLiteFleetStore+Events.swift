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
            let mark = try Self.mark(of: agent, in: database)
            let isAhead = try Bool.fetchOne(
                database, sql: "SELECT EXISTS (SELECT 1 FROM event_ahead WHERE agent = ? AND sequence = ?)",
                arguments: [agent, message.sequence])
            // At or below the mark it was stored once, even if retention has removed it since.
            let isNew = message.sequence > mark && isAhead != true
            let outcome = isNew ? try Self.upsert(message, at: now, in: database) : .duplicate
            try Self.advance(agent, mark: mark, message: message, in: database)
            return outcome
        }
    }

    private static func upsert(_ message: AnomalyMessage, at now: Timestamp, in database: Database) throws
        -> EventOutcome
    {
        let event = message.event
        let known = try Int.fetchOne(
            database, sql: "SELECT revision FROM event WHERE id = ?", arguments: [event.id.text])
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
        while try Bool.fetchOne(
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
        try queue.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT row, receivedAt, body FROM event
                    WHERE row > :after AND (:agent IS NULL OR agent = :agent) AND (:device IS NULL OR device = :device)
                    ORDER BY row LIMIT :limit
                    """,
                arguments: ["after": row, "agent": agent?.rawValue, "device": device?.rawValue, "limit": limit]
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
