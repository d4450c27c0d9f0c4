// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import LinnetDomain
import LinnetFleet
import LinnetMessaging

extension SQLiteFleetStore {
    static func insert(_ version: VersionRecord, in database: Database) throws {
        try database.execute(
            sql: """
                INSERT INTO model_version (digest, cohort, number, parent, round, participants, parameters, lossBefore,
                    lossAfter, createdAt, file, serverState, origin, lineage)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING
                """,
            arguments: [
                version.version.digest.hex, version.cohort.rawValue, version.version.number, version.parent?.hex,
                version.round, try text(version.participants), version.parameters, version.lossBefore,
                version.lossAfter, version.createdAt.milliseconds, version.file,
                version.serverState, version.origin, version.lineage,
            ])
    }

    public func newest(of cohort: CohortID) throws -> ModelVersion? {
        try queue.read { database in
            let row = try Row.fetchOne(
                database,
                sql: """
                    SELECT number, digest FROM model_version
                    WHERE cohort = ? AND lineage = 0 AND digest NOT IN (SELECT digest FROM quarantine)
                        AND (origin IS NULL OR digest IN (SELECT digest FROM release WHERE isForAll))
                    ORDER BY number DESC LIMIT 1
                    """, arguments: [cohort.rawValue])
            return row.flatMap { row in
                Digest(hex: row["digest"]).map { ModelVersion(number: row["number"], digest: $0) }
            }
        }
    }

    public func lastNumber(of cohort: CohortID) throws -> Int {
        try queue.read { database in
            try Int.fetchOne(
                database, sql: "SELECT max(number) FROM model_version WHERE cohort = ?", arguments: [cohort.rawValue])
                ?? 0
        }
    }

    public func versions(of cohort: CohortID, from number: Int) throws -> [ModelVersion] {
        try queue.read { database in
            try Row.fetchAll(
                database,
                sql: "SELECT number, digest FROM model_version WHERE cohort = ? AND number >= ? ORDER BY number",
                arguments: [cohort.rawValue, number]
            ).compactMap { row in
                Digest(hex: row["digest"]).map { ModelVersion(number: row["number"], digest: $0) }
            }
        }
    }

    public func file(of digest: Digest) throws -> Data? {
        let file = try queue.read { database in
            try Data.fetchOne(
                database, sql: "SELECT file FROM model_version WHERE digest = ?", arguments: [digest.hex])
        }
        // A flipped bit on disk must be noticed here, not by every agent of the fleet.
        if let file, Digest(of: file) != digest {
            throw StoreError.unreadable(table: "model_version", reason: "version \(digest.short) is not its digest's")
        }
        return file
    }

    public func serverState(of digest: Digest) throws -> Data? {
        try queue.read { database in
            try Data.fetchOne(
                database, sql: "SELECT serverState FROM model_version WHERE digest = ?", arguments: [digest.hex])
        }
    }

    public func fileBytes(of digest: Digest) throws -> Int? {
        try queue.read { database in
            try Int.fetchOne(
                database, sql: "SELECT length(file) FROM model_version WHERE digest = ?", arguments: [digest.hex])
        }
    }

    public func releases() throws -> [ReleaseManifest] {
        try queue.read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT manifest FROM release AS newest
                    WHERE number = (SELECT max(number) FROM release WHERE cohort = newest.cohort AND isForAll)
                    ORDER BY cohort
                    """
            ).map { try Self.value(ReleaseManifest.self, $0, table: "release") }
        }
    }

    public func models(limit: Int) throws -> [ModelReport] {
        try queue.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT *, length(file) AS bytes,
                        (SELECT max(number) FROM release WHERE digest = model_version.digest) AS release,
                        (SELECT number FROM model_version AS base WHERE base.digest = model_version.parent) AS base,
                        (SELECT reason FROM quarantine WHERE digest = model_version.digest) AS quarantine,
                        (SELECT json_group_array(name) FROM alias WHERE digest = model_version.digest) AS aliases,
                        (SELECT json_extract(body, '$.evaluation') FROM round
                            WHERE evaluates = model_version.digest AND phase = 'committed'
                            ORDER BY number DESC LIMIT 1) AS evaluation
                    FROM model_version ORDER BY createdAt DESC, number DESC LIMIT ?
                    """, arguments: [limit]
            ).compactMap { row in
                guard let cohort = CohortID(rawValue: row["cohort"]), let digest = Digest(hex: row["digest"]) else {
                    return nil
                }
                let parent: String? = row["parent"]
                let evaluation: String? = row["evaluation"]
                return ModelReport(
                    cohort: cohort, version: ModelVersion(number: row["number"], digest: digest),
                    parent: parent.flatMap { Digest(hex: $0) }.map {
                        // Retention may have taken the parent's row.
                        ModelVersion(number: row["base"] ?? row["number"] - 1, digest: $0)
                    },
                    round: row["round"],
                    participants: try Self.value([AgentID].self, row["participants"], table: "model_version"),
                    bytes: row["bytes"], parameters: row["parameters"], lossBefore: row["lossBefore"],
                    lossAfter: row["lossAfter"], createdAt: Timestamp(milliseconds: row["createdAt"]),
                    release: row["release"], origin: row["origin"], quarantine: row["quarantine"],
                    aliases: try Self.value([String].self, row["aliases"], table: "alias").sorted(),
                    lineage: row["lineage"],
                    evaluation: try evaluation.map { try Self.value(VersionEvaluation.self, $0, table: "round") })
            }
        }
    }
}
