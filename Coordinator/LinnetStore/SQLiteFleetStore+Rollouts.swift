// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import LinnetDomain
import LinnetFleet
import LinnetMessaging

extension SQLiteFleetStore {
    public func add(_ rollout: Rollout, audit: (Rollout) -> AuditEntry) throws -> Rollout {
        try queue.write { database in
            var rollout = rollout
            try database.execute(
                sql: "INSERT INTO rollout (cohort, digest, phase, revision, body) VALUES (?, ?, ?, ?, '')",
                arguments: [
                    rollout.cohort.rawValue, rollout.version.digest.hex, rollout.phase.rawValue, rollout.revision,
                ])
            rollout.number = Int(database.lastInsertedRowID)
            try database.execute(
                sql: "UPDATE rollout SET body = ? WHERE number = ?",
                arguments: [try Self.text(rollout), rollout.number])
            try Self.append(audit(rollout), in: database)
            return rollout
        }
    }

    public func save(_ change: RolloutChange) throws -> Bool {
        try queue.write { database in
            let rollout = change.rollout
            try database.execute(
                sql: """
                    UPDATE rollout SET phase = ?, revision = ?, previous = ?, body = ? WHERE number = ? AND revision = ?
                    """,
                arguments: [
                    rollout.phase.rawValue, rollout.revision, rollout.previous?.model.version.digest.hex,
                    try Self.text(rollout), rollout.number, change.from,
                ])
            guard database.changesCount == 1 else { return false }
            for target in change.targets { try Self.keep(target, of: rollout.number, in: database) }
            for (manifest, isForAll) in change.releases {
                try Self.insert(manifest, isForAll: isForAll, in: database)
            }
            if let (version, why) = change.quarantine {
                try database.execute(
                    sql: "INSERT OR REPLACE INTO quarantine (digest, reason, rollout) VALUES (?, ?, ?)",
                    arguments: [version.digest.hex, why, rollout.number])
                try Self.findCandidate(of: rollout.cohort, in: database)
            }
            for entry in change.audit { try Self.append(entry, in: database) }
            return true
        }
    }

    private static func keep(_ target: RolloutTarget, of rollout: Int, in database: Database) throws {
        try database.execute(
            sql: "INSERT OR REPLACE INTO rollout_target (rollout, agent, state, body) VALUES (?, ?, ?, ?)",
            arguments: [rollout, target.agent.rawValue, target.state.rawValue, try text(target)])
        guard target.state != .waiting else { return }
        try database.execute(
            sql: "INSERT INTO evidence (rollout, agent, at, state, reason, evidence) VALUES (?, ?, ?, ?, ?, ?)",
            arguments: [
                rollout, target.agent.rawValue, target.changedAt.milliseconds, target.state.rawValue, target.reason,
                try text(target.evidence),
            ])
    }

    /// Stores a release, or makes one that was for some the whole cohort's.
    static func insert(_ manifest: ReleaseManifest, isForAll: Bool, in database: Database) throws {
        try database.execute(
            sql: """
                INSERT INTO release (cohort, number, digest, manifest, isForAll, lineage) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (cohort, number) DO UPDATE SET isForAll = excluded.isForAll, manifest = excluded.manifest
                WHERE digest = excluded.digest
                """,
            arguments: [
                manifest.cohort.rawValue, manifest.release, manifest.model.version.digest.hex, try text(manifest),
                isForAll, manifest.lineage,
            ])
        guard database.changesCount == 1 else {
            throw StoreError.unreadable(table: "release", reason: "number \(manifest.release) is another version's")
        }
        // Another lineage's version is neither: it is for that lineage's agents alone.
        guard manifest.lineage ?? 0 == 0 else { return }
        let digest = manifest.model.version.digest
        try set(isForAll ? .champion : .candidate, digest, of: manifest.cohort, in: database)
        if isForAll { try findCandidate(of: manifest.cohort, in: database) }
    }

    public func rollout(_ number: Int) throws -> Rollout? { try rollouts(where: "number = ?", [number]).first }

    public func rollouts(limit: Int) throws -> [Rollout] {
        try rollouts(where: "1 ORDER BY number DESC LIMIT ?", [limit])
    }

    public func startedRollouts() throws -> [Rollout] {
        try rollouts(where: "phase IN ('awaitingApproval', 'scheduled', 'running', 'paused') ORDER BY number")
    }

    public func lastRollout(of cohort: CohortID) throws -> Rollout? {
        try rollouts(where: "cohort = ? AND phase <> 'draft' ORDER BY number DESC LIMIT 1", [cohort.rawValue]).first
    }

    private func rollouts(where condition: String, _ arguments: StatementArguments = []) throws -> [Rollout] {
        try queue.read { database in
            try String.fetchAll(database, sql: "SELECT body FROM rollout WHERE \(condition)", arguments: arguments)
                .map { try Self.value(Rollout.self, $0, table: "rollout") }
        }
    }

    public func targets(of rollout: Int) throws -> [RolloutTarget] {
        try queue.read { database in
            try String.fetchAll(
                database, sql: "SELECT body FROM rollout_target WHERE rollout = ? ORDER BY agent", arguments: [rollout]
            ).map { try Self.value(RolloutTarget.self, $0, table: "rollout_target") }
        }
    }

    public func evidence(of rollout: Int, limit: Int) throws -> [EvidenceEntry] {
        try queue.read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM evidence WHERE rollout = ? ORDER BY row LIMIT ?",
                arguments: [rollout, limit]
            ).compactMap { row in
                guard let agent = AgentID(rawValue: row["agent"]), let state = TargetState(rawValue: row["state"])
                else { return nil }
                return EvidenceEntry(
                    rollout: rollout, agent: agent, at: Timestamp(milliseconds: row["at"]), state: state,
                    reason: row["reason"],
                    evidence: try Self.value([String: Double].self, row["evidence"], table: "evidence"))
            }
        }
    }

    public func alarms(of version: ModelVersion, on rollout: Int, since: Timestamp) throws -> Int {
        try queue.read { database in
            try Int.fetchOne(
                database,
                sql: """
                    SELECT count(*) FROM event WHERE modelVersion = ? AND receivedAt >= ?
                        AND agent IN (SELECT agent FROM rollout_target WHERE rollout = ?)
                    """, arguments: [version.number, since.milliseconds, rollout]) ?? 0
        }
    }

    // MARK: - Versions

    public func nextRelease(of cohort: CohortID) throws -> Int {
        try queue.read { database in
            let last = try Int.fetchOne(
                database, sql: "SELECT max(number) FROM release WHERE cohort = ?", arguments: [cohort.rawValue])
            return (last ?? 0) + 1
        }
    }

    public func provenance(of digest: Digest) throws -> VersionProvenance? {
        try provenances(where: "model_version.digest = ?", [digest.hex]).first
    }

    public func versions(of cohort: CohortID, named name: String) throws -> [VersionProvenance] {
        let aliased = try provenances(
            where: "model_version.digest = (SELECT digest FROM alias WHERE cohort = ? AND name = ?)",
            [cohort.rawValue, name])
        if !aliased.isEmpty { return aliased }
        if let number = Int(name), name.utf8.count < 8 {
            return try provenances(where: "cohort = ? AND number = ?", [cohort.rawValue, number])
        }
        let digits = name.lowercased()
        guard (8...64).contains(digits.utf8.count), digits.allSatisfy(\.isHexDigit) else { return [] }
        return try provenances(
            where: "cohort = ? AND substr(model_version.digest, 1, ?) = ?",
            [cohort.rawValue, digits.utf8.count, digits])
    }

    private func provenances(where condition: String, _ arguments: StatementArguments) throws -> [VersionProvenance] {
        try queue.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT model_version.digest, cohort, number, parent, round, participants, origin, length(file) AS bytes,
                        quarantine.reason AS quarantine
                    FROM model_version LEFT JOIN quarantine ON quarantine.digest = model_version.digest
                    WHERE \(condition) LIMIT 10
                    """, arguments: arguments
            ).compactMap { row in
                guard let cohort = CohortID(rawValue: row["cohort"]), let digest = Digest(hex: row["digest"]) else {
                    return nil
                }
                let parent: String? = row["parent"]
                return VersionProvenance(
                    cohort: cohort, version: ModelVersion(number: row["number"], digest: digest),
                    parent: parent.flatMap { Digest(hex: $0) }, round: row["round"],
                    participants: try Self.value([AgentID].self, row["participants"], table: "model_version").count,
                    origin: row["origin"], bytes: row["bytes"], quarantine: row["quarantine"])
            }
        }
    }

    public func bring(_ version: VersionRecord, audit: AuditEntry) throws -> Bool {
        try queue.write { database in
            try Self.insert(version, in: database)
            guard database.changesCount == 1 else { return false }
            try Self.findCandidate(of: version.cohort, in: database)
            try Self.append(audit, in: database)
            return true
        }
    }
}
