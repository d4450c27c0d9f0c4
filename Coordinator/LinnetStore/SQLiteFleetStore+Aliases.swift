// SPDX-License-Identifier: Apache-2.0

import GRDB
import LinnetDomain
import LinnetFleet

extension SQLiteFleetStore {
    public func name(_ alias: String, cohort: CohortID, version: ModelVersion, audit: AuditEntry) throws {
        try queue.write { database in
            try database.execute(
                sql: "INSERT OR REPLACE INTO alias (cohort, name, digest) VALUES (?, ?, ?)",
                arguments: [cohort.rawValue, alias, version.digest.hex])
            try Self.append(audit, in: database)
        }
    }

    /// Lets a standing name mean a version.
    static func set(_ alias: StandingAlias, _ digest: Digest, of cohort: CohortID, in database: Database) throws {
        try database.execute(
            sql: "INSERT OR REPLACE INTO alias (cohort, name, digest) VALUES (?, ?, ?)",
            arguments: [cohort.rawValue, alias.rawValue, digest.hex])
    }

    /// Lets `candidate` mean the newest version after the champion that somebody has trained and nobody has taken back; none
    /// if there is no such version.
    static func findCandidate(of cohort: CohortID, in database: Database) throws {
        let newest = try String.fetchOne(
            database,
            sql: """
                SELECT digest FROM model_version
                WHERE cohort = :cohort AND lineage = 0 AND (parent IS NOT NULL OR origin IS NOT NULL)
                    AND digest NOT IN (SELECT digest FROM quarantine)
                    AND number > coalesce(
                        (SELECT number FROM model_version WHERE digest =
                            (SELECT digest FROM alias WHERE cohort = :cohort AND name = :champion)), 0)
                ORDER BY number DESC LIMIT 1
                """, arguments: ["cohort": cohort.rawValue, "champion": StandingAlias.champion.rawValue])
        guard let digest = newest.flatMap({ Digest(hex: $0) }) else {
            return try database.execute(
                sql: "DELETE FROM alias WHERE cohort = ? AND name = ?",
                arguments: [cohort.rawValue, StandingAlias.candidate.rawValue])
        }
        try set(.candidate, digest, of: cohort, in: database)
    }
}
