// SPDX-License-Identifier: Apache-2.0
//
// outbox       what the coordinator has not acknowledged; `sequence` is the number it is sent under
// alarm        the ledger of all alarms ever raised; `endedAt` is NULL while one goes on
// alarm_state  where each device stands between calm and alarm, so that a restart goes on from there
// window       normal windows to learn from: `samples` is Float32, little endian, time-major
// model        up to three models by slot: active, previous, candidate; `calibrations` is JSON by device
// residual     what the last accepted top-k update has left out, Float32, little endian; one row at most
// control      the agent's control variate (SCAFFOLD), Float32, little endian; one row at most
// own_layers   the layers that stay with this agent, JSON: see OwnLayers; one row at most
// meta         counters and marks that must survive: see `Meta`
// download     the model file that is being gathered, one row at most; chunk: what is here of it, each with its sha256
// history      every step of every model, chained by digest: see HistoryChain

import FoundationEssentials
import GRDB
import LinnetDomain

/// The tables of the agent's database and how they came to be.
enum EdgeSchema {
    /// - Parameter time: when a database is made that is not there yet.
    static func migrator(at time: Timestamp) -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 first tables") { db in
            try db.execute(sql: first)
            try seedNumbers(db, at: time)
        }
        migrator.registerMigration("2 what top-k has left out") { db in
            try db.execute(
                sql: "CREATE TABLE residual (id INTEGER PRIMARY KEY CHECK (id = 1), parameters BLOB NOT NULL) STRICT")
        }
        migrator.registerMigration("3 a chained history in place of the journal") { db in
            try db.execute(
                sql: """
                    CREATE TABLE history (row INTEGER PRIMARY KEY, entry BLOB NOT NULL, digest TEXT NOT NULL) STRICT
                    """)
            for entry in try JournalRow.fetchAll(db, sql: "SELECT * FROM journal ORDER BY row").compactMap(\.entry) {
                try HistoryChain.append(entry, limit: 1000, db)
            }
            try db.execute(sql: "DROP TABLE journal")
        }
        migrator.registerMigration("4 chunks that survive a restart") { db in
            try db.execute(
                sql: """
                    CREATE TABLE download (
                        id INTEGER PRIMARY KEY CHECK (id = 1), digest TEXT NOT NULL, bytes INTEGER NOT NULL,
                        chunkBytes INTEGER NOT NULL) STRICT;
                    CREATE TABLE chunk (place INTEGER PRIMARY KEY, bytes BLOB NOT NULL, digest TEXT NOT NULL) STRICT;
                    """)
        }
        migrator.registerMigration("5 the agent's control variate") { db in
            try db.execute(
                sql: "CREATE TABLE control (id INTEGER PRIMARY KEY CHECK (id = 1), parameters BLOB NOT NULL) STRICT")
        }
        migrator.registerMigration("6 layers that stay with this agent") { db in
            try db.execute(
                sql: "CREATE TABLE own_layers (id INTEGER PRIMARY KEY CHECK (id = 1), layers BLOB NOT NULL) STRICT")
        }
        return migrator
    }

    /// A swap as older databases keep it; a version is its number and its digest.
    private struct JournalRow: Decodable, FetchableRecord {
        var at: Int64
        var action: String
        var origin: String?
        var target: String?
        var reason: String

        var entry: HistoryEntry? {
            // Their journal knows learned, activated, refused and returned.
            HistoryEntry.Step(rawValue: action).map { step in
                let version = Self.version(target)
                return HistoryEntry(
                    at: Timestamp(milliseconds: at), step, version, reason: reason,
                    active: step == .refused ? Self.version(origin) : version)
            }
        }

        private static func version(_ text: String?) -> ModelVersion? {
            let words = (text ?? "").split(separator: " ")
            guard words.count == 2, let number = Int(words[0]), let digest = Digest(hex: String(words[1])) else {
                return nil
            }
            return ModelVersion(number: number, digest: digest)
        }
    }

    private static let first = """
        CREATE TABLE outbox (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, revision INTEGER NOT NULL,
            device TEXT NOT NULL, payload BLOB NOT NULL, writtenAt INTEGER NOT NULL) STRICT;
        CREATE TABLE alarm (
            id TEXT PRIMARY KEY, device TEXT NOT NULL, startedAt INTEGER NOT NULL, endedAt INTEGER,
            score REAL NOT NULL, peakScore REAL NOT NULL, threshold REAL NOT NULL, channel TEXT,
            modelVersion INTEGER NOT NULL, modelDigest TEXT NOT NULL, payload BLOB NOT NULL) STRICT;
        CREATE INDEX alarm_open ON alarm (device) WHERE endedAt IS NULL;
        CREATE TABLE alarm_state (device TEXT PRIMARY KEY, state BLOB NOT NULL) STRICT;
        CREATE TABLE window (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, startedAt INTEGER NOT NULL,
            endedAt INTEGER NOT NULL, samples BLOB NOT NULL) STRICT;
        CREATE INDEX window_of_device ON window (device, sequence);
        CREATE TABLE model (
            slot TEXT PRIMARY KEY CHECK (slot IN ('active', 'previous', 'candidate')), number INTEGER NOT NULL,
            digest TEXT NOT NULL, bytes BLOB NOT NULL, calibrations BLOB NOT NULL, storedAt INTEGER NOT NULL) STRICT;
        CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
        CREATE TABLE journal (
            row INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, action TEXT NOT NULL, origin TEXT,
            target TEXT, reason TEXT NOT NULL) STRICT;
        """

    /// Lets the numbers of a new database start at the time of its making, in seconds.
    ///
    /// If the database before it was lost, the coordinator remembers numbers of that one. Counting from 1 again would make
    /// it take new events for acknowledged ones, and new updates for replays.
    private static func seedNumbers(_ db: Database, at time: Timestamp) throws {
        let first = max(0, time.milliseconds / 1000)
        try db.execute(sql: "INSERT INTO sqlite_sequence (name, seq) VALUES ('outbox', ?)", arguments: [first])
        try Meta.updateSequence.write(db, first)
    }
}

/// The single values of the `meta` table.
enum Meta: String {
    /// Highest release that was activated or refused.
    case release
    /// The release that made the active model active; 0 for a model learned here, or one that was put back.
    case activeRelease
    /// The last release whose model passed its probation.
    case confirmedRelease
    /// Last round that is over for this agent.
    case round
    /// Which of the cohort's lineages the agent belongs to; no number where it has found none.
    case lineage
    /// When the coordinator wants to be answered next: the round that it was said in, and the time in milliseconds.
    case roundPace
    /// Last sequence number used for an update.
    case updateSequence
    /// Events that a full outbox had to drop.
    case outboxDropped
    /// The signal contract that the stored windows and models are of.
    case contract
    /// The ends of the history's chain.
    case historyAnchor, historyHead

    func text(_ db: Database) throws -> String? {
        try String.fetchOne(db, sql: "SELECT value FROM meta WHERE key = ?", arguments: [rawValue])
    }

    func write(_ db: Database, _ text: String) throws {
        try db.execute(
            sql: "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            arguments: [rawValue, text])
    }

    /// A number; 0 if there is none, or what stands there is none.
    func number(_ db: Database) throws -> Int64 { Int64(try text(db) ?? "") ?? 0 }

    func write(_ db: Database, _ number: Int64) throws { try write(db, String(number)) }
}
