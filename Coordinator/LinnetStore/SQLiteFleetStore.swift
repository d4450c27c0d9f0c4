// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import LinnetDomain
import LinnetFleet
import LinnetMessaging

/// Why a database is not used.
public enum StoreError: Error, CustomStringConvertible {
    /// SQLite finds the file damaged. It is never replaced silently: it holds the only copy of versions and events.
    case damaged(path: String, finding: String)
    /// The file can not be opened.
    case unusable(path: String, reason: String)
    /// A newer Linnet has changed the schema in ways that this one does not know.
    case newer(path: String)
    /// A setting that durability rests on did not take.
    case pragma(String, found: String)
    /// A stored value can not be read back.
    case unreadable(table: String, reason: String)

    public var description: String {
        switch self {
        case .damaged(let path, let finding):
            "database \(path) is damaged (\(finding)); stop, keep the file, and restore a backup as the runbook says"
        case .unusable(let path, let reason): "database \(path): \(reason)"
        case .newer(let path):
            "database \(path) was written by a newer version of Linnet; run that one, or restore an older backup"
        case .pragma(let name, let found): "SQLite did not take \(name); it says \(found)"
        case .unreadable(let table, let reason): "table \(table) holds a value that can not be read: \(reason)"
        }
    }
}

/// The coordinator's stores in one SQLite database.
///
/// One connection does all reading and writing: SQLite 3.40 can corrupt a write-ahead log when two connections write or
/// checkpoint at once. Every commit is synced to disk before it returns.
public final class SQLiteFleetStore: FleetStore {
    let queue: DatabaseQueue
    public let scratchDirectory: String

    /// Opens or makes the database, checks it, and brings its schema up to date.
    ///
    /// - Throws: ``StoreError``.
    public init(path: String) throws {
        // Beside the database: there is room for updates, and it is no folder that lies in memory.
        scratchDirectory = path.contains("/") ? String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) : "."
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(5)
        configuration.label = "linnet.coordinator"
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            try database.execute(sql: "PRAGMA synchronous = FULL")
            try database.execute(sql: "PRAGMA mmap_size = 0")
        }
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.inDatabase { database in
                let finding = try String.fetchOne(database, sql: "PRAGMA quick_check(1)") ?? "no answer"
                guard finding == "ok" else { throw StoreError.damaged(path: path, finding: finding) }
                let synchronous = try Int.fetchOne(database, sql: "PRAGMA synchronous") ?? -1
                guard synchronous == 2 else { throw StoreError.pragma("synchronous = FULL", found: "\(synchronous)") }
            }
            guard try !queue.read(Migrations.migrator.hasBeenSuperseded) else { throw StoreError.newer(path: path) }
            try Migrations.migrator.migrate(queue)
        } catch let error as DatabaseError
            where error.resultCode == .SQLITE_CORRUPT || error.resultCode == .SQLITE_NOTADB
        {
            throw StoreError.damaged(path: path, finding: error.message ?? "\(error.resultCode)")
        } catch let error as DatabaseError {
            throw StoreError.unusable(path: path, reason: error.message ?? "\(error.resultCode)")
        }
    }

    /// Writes and syncs what is in the write-ahead log, and closes the file.
    public func close() throws { try queue.close() }

    /// Has commits watched by an observer, which may also undo one; how tests stop a coordinator at a chosen commit.
    package func observe(_ observer: any TransactionObserver) {
        queue.add(transactionObserver: observer, extent: .observerLifetime)
    }

    // MARK: - Values as text

    static func text(_ value: some Encodable) throws -> String {
        String(decoding: try Wire.encode(value), as: UTF8.self)
    }

    static func value<Value: Decodable>(_ type: Value.Type, _ text: String, table: String) throws -> Value {
        do {
            return try Wire.decode(type, from: Data(text.utf8), limit: 16 * 1024 * 1024)
        } catch {
            throw StoreError.unreadable(table: table, reason: "\(error)")
        }
    }
}
