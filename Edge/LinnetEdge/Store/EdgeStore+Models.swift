// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import LinnetDetection
import LinnetDomain
import LinnetMessaging

extension EdgeStore {
    private struct ModelRow: Decodable, FetchableRecord {
        var number: Int
        var digest: String
        var bytes: Data
        var calibrations: Data
    }

    /// One swap of a model, as the journal keeps it.
    public struct JournalEntry: Sendable, Equatable {
        public var at: Timestamp
        /// `learned`, `activated`, `refused` or `returned`.
        public var action: String
        public var from: ModelVersion?
        public var to: ModelVersion?
        public var reason: String
    }

    /// The model in a slot.
    ///
    /// - Returns: `nil` if the slot is empty, or its bytes are no longer those the version names: a flipped bit on the disk
    ///   must not become a model that runs.
    public func model(in slot: ModelSlot) async throws(EdgeStoreError) -> StoredModel? {
        let row = try await read { db in
            try ModelRow.fetchOne(
                db, sql: "SELECT number, digest, bytes, calibrations FROM model WHERE slot = ?",
                arguments: [slot.rawValue])
        }
        guard let row, row.number >= 0, let digest = Digest(hex: row.digest), Digest(of: row.bytes) == digest,
            let byName = try? JSONDecoder().decode([String: Calibration].self, from: row.calibrations)
        else { return nil }
        let calibrations = byName.compactMap { name, value in DeviceID(rawValue: name).map { ($0, value) } }
        return StoredModel(
            version: ModelVersion(number: row.number, digest: digest), bytes: row.bytes,
            calibrations: Dictionary(calibrations) { first, _ in first })
    }

    /// Keeps a downloaded model, so that a restart need not download it again.
    public func keepCandidate(_ model: StoredModel, at time: Timestamp) async throws(EdgeStoreError) {
        try await write { db in try Self.put(model, in: .candidate, at: time, db) }
    }

    /// Makes a model the active one and the active one the previous one, in one transaction with the release's number and
    /// the journal: whenever the power fails, exactly one model is active.
    ///
    /// - Parameter release: the release that was acted on; `nil` for a model learned here.
    public func activate(
        _ model: StoredModel, release: Int?, reason: String, at time: Timestamp
    ) async throws(EdgeStoreError) {
        try await write { db in
            let old = try Self.version(in: .active, db)
            try db.execute(sql: "DELETE FROM model WHERE slot = 'candidate'")
            if old != nil {
                try db.execute(sql: "DELETE FROM model WHERE slot = 'previous'")
                try db.execute(sql: "UPDATE model SET slot = 'previous' WHERE slot = 'active'")
            }
            try Self.put(model, in: .active, at: time, db)
            if let release { try Meta.release.write(db, Int64(release)) }
            try Meta.activeRelease.write(db, Int64(release ?? 0))
            let action = release == nil ? "learned" : "activated"
            try Self.journal(action, from: old, to: model.version, reason, at: time, db)
        }
    }

    /// Adds the calibration of devices that had too few windows when the active model was installed.
    ///
    /// - Returns: whether the model is still the active one; otherwise nothing changes.
    public func add(
        _ calibrations: [DeviceID: Calibration], to digest: Digest, at time: Timestamp
    ) async throws(EdgeStoreError) -> Bool {
        guard var model = try await model(in: .active), model.version.digest == digest else { return false }
        model.calibrations.merge(calibrations) { _, new in new }
        let changed = model
        return try await write { db in
            guard try Self.version(in: .active, db)?.digest == digest else { return false }
            try Self.put(changed, in: .active, at: time, db)
            return true
        }
    }

    /// Notes that a release is refused, so that it is not tried for ever, and lets its model go.
    public func refuse(
        release: Int, version: ModelVersion, reason: String, at time: Timestamp
    ) async throws(EdgeStoreError) {
        try await write { db in
            try db.execute(sql: "DELETE FROM model WHERE slot = 'candidate'")
            try Meta.release.write(db, Int64(release))
            let active = try Self.version(in: .active, db)
            try Self.journal("refused", from: active, to: version, reason, at: time, db)
        }
    }

    /// Puts the previous model back in place of the active one, which goes.
    ///
    /// - Parameter release: the release that says so; `nil` where the agent itself has found the active one wanting.
    /// - Returns: whether there was a previous model.
    public func restorePrevious(
        reason: String, release: Int? = nil, at time: Timestamp
    ) async throws(EdgeStoreError) -> Bool {
        try await write { db in
            guard let previous = try Self.version(in: .previous, db) else { return false }
            let active = try Self.version(in: .active, db)
            try db.execute(sql: "DELETE FROM model WHERE slot = 'active'")
            try db.execute(sql: "UPDATE model SET slot = 'active' WHERE slot = 'previous'")
            if let release { try Meta.release.write(db, Int64(release)) }
            try Meta.activeRelease.write(db, Int64(release ?? 0))
            try Self.journal("returned", from: active, to: previous, reason, at: time, db)
            return true
        }
    }

    /// The last swaps, newest first.
    public func journal(limit: Int) async throws(EdgeStoreError) -> [JournalEntry] {
        struct Row: Decodable, FetchableRecord {
            var at: Int64
            var action: String
            var origin: String?
            var target: String?
            var reason: String
        }
        let rows = try await read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM journal ORDER BY row DESC LIMIT ?", arguments: [limit])
        }
        return rows.map { row in
            JournalEntry(
                at: Timestamp(milliseconds: row.at), action: row.action, from: Self.version(from: row.origin),
                to: Self.version(from: row.target), reason: row.reason)
        }
    }
}

// MARK: - Rows

extension EdgeStore {
    private static func put(_ model: StoredModel, in slot: ModelSlot, at time: Timestamp, _ db: Database) throws {
        let byName = Dictionary(uniqueKeysWithValues: model.calibrations.map { ($0.key.rawValue, $0.value) })
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        try db.execute(
            sql: """
                INSERT OR REPLACE INTO model (slot, number, digest, bytes, calibrations, storedAt)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                slot.rawValue, model.version.number, model.version.digest.hex, model.bytes,
                try encoder.encode(byName), time.milliseconds,
            ])
    }

    private struct VersionRow: Decodable, FetchableRecord {
        var number: Int
        var digest: String
    }

    private static func version(in slot: ModelSlot, _ db: Database) throws -> ModelVersion? {
        let row = try VersionRow.fetchOne(
            db, sql: "SELECT number, digest FROM model WHERE slot = ?", arguments: [slot.rawValue])
        return row.flatMap { row in Digest(hex: row.digest).map { ModelVersion(number: row.number, digest: $0) } }
    }

    private static func journal(
        _ action: String, from: ModelVersion?, to: ModelVersion?, _ reason: String, at time: Timestamp, _ db: Database
    ) throws {
        try db.execute(
            sql: "INSERT INTO journal (at, action, origin, target, reason) VALUES (?, ?, ?, ?, ?)",
            arguments: [time.milliseconds, action, text(from), text(to), reason])
        // A journal of a thousand swaps is years of releases.
        try db.execute(sql: "DELETE FROM journal WHERE row <= ?", arguments: [db.lastInsertedRowID - 1000])
    }

    /// `7 9f3c…`: the number and the whole digest.
    private static func text(_ version: ModelVersion?) -> String? {
        version.map { "\($0.number) \($0.digest.hex)" }
    }

    private static func version(from text: String?) -> ModelVersion? {
        let words = (text ?? "").split(separator: " ")
        guard words.count == 2, let number = Int(words[0]), let digest = Digest(hex: String(words[1])) else {
            return nil
        }
        return ModelVersion(number: number, digest: digest)
    }
}
