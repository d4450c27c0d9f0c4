// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import Glibc
import LinnetDomain

/// The agent's memory: one SQLite file with one connection, in which a committed transaction survives power loss.
///
///     let store = try EdgeStore.open(directory: "/var/lib/linnet-edge", limits: limits, at: clock.now())
///
/// A corrupt file is moved aside and a new one is started, because a machine that is watched without its history is better
/// off than one that is not watched: ask `quarantined`. Everything else that goes wrong with the disk is thrown.
///
/// There is one connection, which also makes every checkpoint: with two, SQLite before 3.51.3 can corrupt its log.
public final class EdgeStore: Sendable {
    /// Where the database file is.
    public let path: String
    public let limits: EdgeStoreLimits
    /// Where a corrupt file was moved to when this one was opened; `nil` if there was none.
    public let quarantined: String?
    let queue: DatabaseQueue

    /// The name of the database file in the state folder.
    public static let fileName = "agent.sqlite"

    private init(path: String, limits: EdgeStoreLimits, quarantined: String?, queue: DatabaseQueue) {
        self.path = path
        self.limits = limits
        self.quarantined = quarantined
        self.queue = queue
    }

    /// Opens the database in a folder, and makes both if they are not there.
    ///
    /// - Throws: ``EdgeStoreError`` if the folder or file can not be opened, or the disk fails.
    public static func open(
        directory: String, limits: EdgeStoreLimits, at time: Timestamp
    ) throws(EdgeStoreError) -> EdgeStore {
        try makeDirectory(directory)
        let path = directory + "/" + fileName
        do {
            return EdgeStore(path: path, limits: limits, quarantined: nil, queue: try connect(path, limits, at: time))
        } catch EdgeStoreError.corrupt(_, let reason) {
            let aside = try moveAside(path, at: time)
            do {
                let queue = try connect(path, limits, at: time)
                return EdgeStore(path: path, limits: limits, quarantined: aside, queue: queue)
            } catch {
                // A file that is broken as soon as it is made is the disk's doing.
                throw .failing(path: path, reason: "\(reason); and a new file: \(error)")
            }
        }
    }

    /// Changes the database in one transaction, which a cancelled task does not stop: what is begun is committed.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(EdgeStoreError) -> Value {
        let result = await withCheckedContinuation { (answer: CheckedContinuation<Result<Value, any Error>, Never>) in
            queue.asyncWrite(body) { _, result in answer.resume(returning: result) }
        }
        return try unwrap(result)
    }

    /// Reads from the database.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(EdgeStoreError) -> Value {
        let result = await withCheckedContinuation { (answer: CheckedContinuation<Result<Value, any Error>, Never>) in
            queue.asyncRead { database in
                answer.resume(returning: database.flatMap { db in Result { try body(db) } })
            }
        }
        return try unwrap(result)
    }

    private func unwrap<Value>(_ result: Result<Value, any Error>) throws(EdgeStoreError) -> Value {
        do { return try result.get() } catch { throw EdgeStoreError(error, path: path) }
    }

    /// Moves the write-ahead log into the database file.
    package func checkpoint() async throws(EdgeStoreError) {
        let path = path
        do { try await queue.writeWithoutTransaction { db in _ = try db.checkpoint(.truncate) } } catch {
            throw EdgeStoreError(error, path: path)
        }
    }

    /// Checks the whole file.
    ///
    /// - Returns: what SQLite says, `ok` if nothing is wrong.
    package func integrity() async throws(EdgeStoreError) -> String {
        try await read { db in try String.fetchOne(db, sql: "PRAGMA integrity_check(1)") ?? "no answer" }
    }
}

// MARK: - Opening

extension EdgeStore {
    private static func connect(
        _ path: String, _ limits: EdgeStoreLimits, at time: Timestamp
    ) throws(EdgeStoreError) -> DatabaseQueue {
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration(limits))
            try queue.write { db in
                try assertDurability(db)
                let check = try String.fetchOne(db, sql: "PRAGMA quick_check(1)")
                guard check == "ok" else {
                    throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: check ?? "no answer to quick_check")
                }
            }
            try EdgeSchema.migrator(at: time).migrate(queue)
            return queue
        } catch {
            throw EdgeStoreError(error, path: path)
        }
    }

    private static func configuration(_ limits: EdgeStoreLimits) -> Configuration {
        var configuration = Configuration()
        configuration.label = "linnet-edge"
        configuration.busyMode = .timeout(5)
        configuration.maximumReaderCount = 1
        configuration.prepareDatabase { db in
            // Not `journalMode = .wal` of GRDB: that turns synchronous down to NORMAL, which loses commits with the power.
            try db.execute(
                sql: """
                    PRAGMA journal_mode = WAL;
                    PRAGMA synchronous = FULL;
                    PRAGMA mmap_size = 0;
                    PRAGMA cache_size = -\(limits.cacheKiB);
                    PRAGMA wal_autocheckpoint = 256;
                    PRAGMA journal_size_limit = 4194304;
                    """)
            if let pages = limits.maximumPages { try db.execute(sql: "PRAGMA max_page_count = \(pages)") }
        }
        return configuration
    }

    private static func assertDurability(_ db: Database) throws {
        let mode = try String.fetchOne(db, sql: "PRAGMA journal_mode")
        let synchronous = try Int.fetchOne(db, sql: "PRAGMA synchronous")
        guard mode == "wal", synchronous == 2 else {
            throw DatabaseError(
                resultCode: .SQLITE_CANTOPEN,
                message: "journal_mode is \(mode ?? "unknown") and synchronous \(synchronous ?? -1); "
                    + "the file system must allow wal and 2 (FULL)")
        }
    }

    private static func makeDirectory(_ directory: String) throws(EdgeStoreError) {
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw .unusable(path: directory, reason: "\(error)")
        }
    }

    /// Renames a corrupt database and its logs; together they are what a repair would need.
    private static func moveAside(_ path: String, at time: Timestamp) throws(EdgeStoreError) -> String {
        let aside = "\(path).corrupt-\(time.milliseconds / 1000)"
        for suffix in ["", "-wal", "-shm"] where access(path + suffix, F_OK) == 0 {
            guard rename(path + suffix, aside + suffix) == 0 else {
                throw .failing(path: path, reason: "can not be moved aside: \(String(cString: strerror(errno)))")
            }
        }
        return aside
    }
}
