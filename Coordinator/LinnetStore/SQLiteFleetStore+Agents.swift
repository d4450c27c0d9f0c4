// SPDX-License-Identifier: Apache-2.0

import GRDB
import LinnetDomain
import LinnetFleet
import LinnetMessaging

extension SQLiteFleetStore {
    public func save(_ agents: [AgentRecord]) throws {
        try queue.write { database in
            for agent in agents {
                try database.execute(
                    sql: """
                        INSERT INTO agent (id, session, isOnline, lastSeen, state) VALUES (?, ?, ?, ?, ?)
                        ON CONFLICT (id) DO UPDATE SET session = excluded.session, isOnline = excluded.isOnline,
                            lastSeen = excluded.lastSeen, state = excluded.state
                        """,
                    arguments: [
                        agent.id.rawValue, agent.session.text, agent.isOnline, agent.lastSeen.milliseconds,
                        try agent.state.map(Self.text),
                    ])
            }
        }
    }

    public func note(key: VerifyingKey, of agent: AgentID, at now: Timestamp, audit: (KeyChange) -> AuditEntry) throws {
        let known = try queue.read { database in
            try String.fetchOne(
                database, sql: "SELECT publicKey FROM agent WHERE id = ?", arguments: [agent.rawValue])
        }
        guard known != key.hex else { return }
        try queue.write { database in
            try Self.touch(agent, at: now, in: database)
            try database.execute(
                sql: "UPDATE agent SET publicKey = ? WHERE id = ?", arguments: [key.hex, agent.rawValue])
            if known != nil {
                try database.execute(
                    sql: "UPDATE agent SET updateSequence = 0 WHERE id = ?", arguments: [agent.rawValue])
            }
            try Self.append(audit(known == nil ? .first : .changed), in: database)
        }
    }

    /// Makes sure that an agent has a row, for an event may come before its state.
    static func touch(_ agent: AgentID, at now: Timestamp, in database: Database) throws {
        try database.execute(
            sql: "INSERT OR IGNORE INTO agent (id, session, isOnline, lastSeen) VALUES (?, '', 0, ?)",
            arguments: [agent.rawValue, now.milliseconds])
    }

    public func agents() throws -> [AgentRecord] {
        try queue.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM agent WHERE session <> '' ORDER BY id").compactMap { row in
                guard let id = AgentID(rawValue: row["id"]), let session = ULID(row["session"]) else { return nil }
                let state: String? = row["state"]
                return AgentRecord(
                    id: id, session: session, isOnline: row["isOnline"],
                    lastSeen: Timestamp(milliseconds: row["lastSeen"]),
                    state: try state.map { try Self.value(AgentState.self, $0, table: "agent") })
            }
        }
    }

    public func addCohort(_ id: CohortID, contract: SignalContract, audit: AuditEntry) throws -> Bool {
        try queue.write { database in
            try database.execute(
                sql: "INSERT OR IGNORE INTO cohort (id, contract) VALUES (?, ?)",
                arguments: [id.rawValue, try Self.text(contract)])
            guard database.changesCount == 1 else { return false }
            try Self.append(audit, in: database)
            return true
        }
    }

    public func cohorts() throws -> [CohortID: SignalContract] {
        try queue.read { database in
            var cohorts: [CohortID: SignalContract] = [:]
            for row in try Row.fetchAll(database, sql: "SELECT id, contract FROM cohort") {
                guard let id = CohortID(rawValue: row["id"]) else { continue }
                cohorts[id] = try Self.value(SignalContract.self, row["contract"], table: "cohort")
            }
            return cohorts
        }
    }
}
