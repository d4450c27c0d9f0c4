// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import LinnetDomain
import LinnetFleet
import LinnetMessaging

extension SQLiteFleetStore {
    public func append(_ entry: AuditEntry) throws { try queue.write { try Self.append(entry, in: $0) } }

    /// Appends a row whose digest covers its contents and the digest of the row before, so that a row changed or taken
    /// out of the middle shows.
    static func append(_ entry: AuditEntry, in database: Database) throws {
        let previous = try String.fetchOne(database, sql: "SELECT digest FROM audit ORDER BY row DESC LIMIT 1") ?? ""
        try database.execute(
            sql: "INSERT INTO audit (at, actor, action, subject, reason, digest) VALUES (?, ?, ?, ?, ?, ?)",
            arguments: [
                entry.at.milliseconds, entry.actor, entry.action, entry.subject, entry.reason,
                digest(of: entry, after: previous),
            ])
    }

    /// SHA-256 of the previous digest and the fields, each with its length in front.
    private static func digest(of entry: AuditEntry, after previous: String) -> String {
        let fields = [
            previous, "\(entry.at.milliseconds)", entry.actor, entry.action, entry.subject, entry.reason,
        ]
        return Digest(of: Data(fields.map { "\($0.utf8.count):\($0)" }.joined().utf8)).hex
    }

    public func audit(after row: Int64, limit: Int) throws -> [AuditEntry] {
        try queue.read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM audit WHERE row > ? ORDER BY row LIMIT ?", arguments: [row, limit]
            ).map(Self.entry)
        }
    }

    public func newestAudit(before row: Int64, limit: Int) throws -> [AuditEntry] {
        try queue.read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM audit WHERE row < ? ORDER BY row DESC LIMIT ?", arguments: [row, limit]
            ).map(Self.entry)
        }
    }

    public func firstBrokenAuditRow() throws -> Int64? {
        try queue.read { database in
            // Retention removes the oldest rows; the first that is left can only be taken as it is.
            var previous: String?
            let rows = try Row.fetchCursor(database, sql: "SELECT * FROM audit ORDER BY row")
            while let row = try rows.next() {
                let found: String = row["digest"]
                if let before = previous ?? (row["row"] == 1 ? "" : nil),
                    found != Self.digest(of: Self.entry(row), after: before)
                {
                    return row["row"]
                }
                previous = found
            }
            return nil
        }
    }

    private static func entry(_ row: Row) -> AuditEntry {
        AuditEntry(
            row: row["row"], at: Timestamp(milliseconds: row["at"]), actor: row["actor"], action: row["action"],
            subject: row["subject"], reason: row["reason"])
    }

    // MARK: - Retention

    public func retain(_ limits: RetentionLimits) throws -> Int {
        try queue.write { database in
            var removed = 0
            func remove(_ sql: String, _ arguments: StatementArguments) throws {
                try database.execute(sql: sql, arguments: arguments)
                removed += database.changesCount
            }
            // At most a thousand rows a table and call: a long transaction would hold up the next event.
            try remove(
                """
                DELETE FROM event WHERE row IN (
                    SELECT row FROM event ORDER BY row
                    LIMIT min(1000, max(0, (SELECT count(*) FROM event) - ?)))
                """, [limits.events])
            // Losing one of these costs no event: it comes again, and is a duplicate.
            try remove(
                """
                DELETE FROM event_ahead WHERE (agent, sequence) IN (
                    SELECT agent, sequence FROM event_ahead ORDER BY sequence DESC
                    LIMIT min(1000, max(0, (SELECT count(*) FROM event_ahead) - ?)))
                """, [limits.events])
            try remove(
                """
                DELETE FROM audit WHERE row IN (
                    SELECT row FROM audit ORDER BY row
                    LIMIT min(1000, max(0, (SELECT count(*) FROM audit) - ?)))
                """, [limits.audit])
            try remove(
                """
                DELETE FROM verdict WHERE row IN (
                    SELECT row FROM verdict ORDER BY row
                    LIMIT min(1000, max(0, (SELECT count(*) FROM verdict) - ?)))
                """, [limits.audit])
            try remove(
                """
                DELETE FROM model_version WHERE digest IN (
                    SELECT digest FROM model_version AS old
                    WHERE number <= (SELECT max(number) FROM model_version WHERE cohort = old.cohort) - ?
                        AND (lineage = 0 OR number < (SELECT max(number) FROM model_version
                            WHERE cohort = old.cohort AND lineage = old.lineage))
                        AND digest IS NOT (SELECT digest FROM release WHERE cohort = old.cohort
                            AND isForAll ORDER BY number DESC LIMIT 1)
                        AND digest NOT IN (SELECT digest FROM rollout WHERE phase IN
                            ('awaitingApproval', 'scheduled', 'running', 'paused'))
                        AND digest NOT IN (SELECT previous FROM rollout WHERE previous IS NOT NULL
                            AND number >= (SELECT max(number) FROM rollout AS last WHERE last.cohort = rollout.cohort))
                        AND digest NOT IN (SELECT digest FROM alias)
                    LIMIT 1000)
                """, [limits.versions])
            return removed
        }
    }
}
