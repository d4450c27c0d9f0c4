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

    /// Keeps a downloaded and verified model, so that a restart need not download it again.
    public func keepCandidate(_ model: StoredModel, noting entry: HistoryEntry) async throws(EdgeStoreError) {
        let limits = limits
        try await write { db in
            try Self.put(model, in: .candidate, at: entry.at, db)
            try Self.forgetChunks(db)
            try Self.note(entry, limits, db)
        }
    }

    /// Makes a model the active one and the active one the previous one, in one transaction with the release's number and
    /// the history: whenever the power fails, exactly one model is active.
    ///
    /// - Parameter entry: names the release that was acted on, or none for a model learned here.
    public func activate(_ model: StoredModel, noting entry: HistoryEntry) async throws(EdgeStoreError) {
        let limits = limits
        try await write { db in
            try db.execute(sql: "DELETE FROM model WHERE slot = 'candidate'")
            if try Self.version(in: .active, db) != nil {
                try db.execute(sql: "DELETE FROM model WHERE slot = 'previous'")
                try db.execute(sql: "UPDATE model SET slot = 'previous' WHERE slot = 'active'")
            }
            try Self.put(model, in: .active, at: entry.at, db)
            if let release = entry.release { try Meta.release.write(db, Int64(release)) }
            try Meta.activeRelease.write(db, Int64(entry.release ?? 0))
            try Self.note(entry, limits, db)
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
        let (changed, limits) = (model, limits)
        let names = calibrations.keys.sorted().map(\.rawValue).joined(separator: ", ")
        return try await write { db in
            guard try Self.version(in: .active, db)?.digest == digest else { return false }
            try Self.put(changed, in: .active, at: time, db)
            let reason = "enough windows now: \(names)"
            try Self.note(HistoryEntry(at: time, .calibrated, changed.version, reason: reason), limits, db)
            return true
        }
    }

    /// Notes that a release is refused, so that it is not tried for ever, and lets its model go.
    ///
    /// - Parameter entry: names the release.
    public func refuse(noting entry: HistoryEntry) async throws(EdgeStoreError) {
        let limits = limits
        try await write { db in
            try db.execute(sql: "DELETE FROM model WHERE slot = 'candidate'")
            try Self.forgetChunks(db)
            if let release = entry.release { try Meta.release.write(db, Int64(release)) }
            try Self.note(entry, limits, db)
        }
    }

    /// Puts the previous model back in place of the active one, which goes.
    ///
    /// - Parameters:
    ///   - entry: why; the version that goes stands in its place if the entry names none.
    ///   - release: the release that says so; `nil` where the agent itself has found the active one wanting.
    /// - Returns: whether there was a previous model.
    public func restorePrevious(
        noting entry: HistoryEntry, by release: Int? = nil
    ) async throws(EdgeStoreError) -> Bool {
        let limits = limits
        return try await write { db in
            guard try Self.version(in: .previous, db) != nil else { return false }
            var entry = entry
            entry.version = try entry.version ?? Self.version(in: .active, db)
            try db.execute(sql: "DELETE FROM model WHERE slot = 'active'")
            try db.execute(sql: "UPDATE model SET slot = 'active' WHERE slot = 'previous'")
            if let release { try Meta.release.write(db, Int64(release)) }
            try Meta.activeRelease.write(db, Int64(release ?? 0))
            try Self.note(entry, limits, db)
            return true
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

    static func version(in slot: ModelSlot, _ db: Database) throws -> ModelVersion? {
        let row = try VersionRow.fetchOne(
            db, sql: "SELECT number, digest FROM model WHERE slot = ?", arguments: [slot.rawValue])
        return row.flatMap { row in Digest(hex: row.digest).map { ModelVersion(number: row.number, digest: $0) } }
    }

    /// Adds a step to the history, with what is active once the transaction's other changes are made.
    static func note(_ entry: HistoryEntry, _ limits: EdgeStoreLimits, _ db: Database) throws {
        var entry = entry
        entry.active = try version(in: .active, db)
        let calibrations = try Data.fetchOne(db, sql: "SELECT calibrations FROM model WHERE slot = 'active'")
        // Calibrations that can not be read any more are no one's: the model is not handed out either.
        let byName = calibrations.flatMap { try? JSONDecoder().decode([String: Calibration].self, from: $0) }
        entry.devices = (byName ?? [:]).keys.compactMap(DeviceID.init(rawValue:)).sorted()
        let weights = (byName ?? [:]).compactMapValues(\.weights)
        entry.weights =
            weights.isEmpty
            ? nil : weights.mapValues { HistoryEntry.DeviceWeights($0.kind, Digest(of: $0.bytes)) }
        try HistoryChain.append(entry, limit: limits.maximumHistory, db)
    }
}
