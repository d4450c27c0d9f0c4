// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import LinnetDomain
import LinnetFleet
import LinnetMessaging

extension SQLiteFleetStore {
    /// Notes who has contributed to which lineage.
    static func note(_ versions: [VersionRecord], in database: Database) throws {
        for version in versions {
            for agent in version.participants {
                try database.execute(
                    sql: """
                        INSERT INTO lineage_member (cohort, agent, lineage) VALUES (?, ?, ?)
                        ON CONFLICT (cohort, agent) DO UPDATE SET lineage = excluded.lineage
                        """, arguments: [version.cohort.rawValue, agent.rawValue, version.lineage])
            }
        }
    }

    public func lineages(of cohort: CohortID) throws -> [ModelVersion] {
        let rows = try queue.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT lineage, max(number) AS number, digest FROM model_version
                    WHERE cohort = ? AND lineage > 0 AND digest NOT IN (SELECT digest FROM quarantine)
                    GROUP BY lineage ORDER BY lineage
                    """, arguments: [cohort.rawValue])
        }
        var versions: [ModelVersion] = []
        for row in rows {
            // An offer names lineages by their places.
            guard row["lineage"] == versions.count + 1, let digest = Digest(hex: row["digest"]) else { break }
            versions.append(ModelVersion(number: row["number"], digest: digest))
        }
        return versions
    }

    public func lineageMembers(of cohort: CohortID) throws -> [AgentID: Int] {
        try queue.read { database in
            var members: [AgentID: Int] = [:]
            let rows = try Row.fetchAll(
                database, sql: "SELECT agent, lineage FROM lineage_member WHERE cohort = ?",
                arguments: [cohort.rawValue])
            for row in rows {
                guard let agent = AgentID(rawValue: row["agent"]) else { continue }
                members[agent] = row["lineage"]
            }
            return members
        }
    }

    public func lineageReleases(of cohort: CohortID) throws -> [Int: ReleaseManifest] {
        try queue.read { database in
            var releases: [Int: ReleaseManifest] = [:]
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT lineage, max(number), manifest FROM release
                    WHERE cohort = ? AND lineage IS NOT NULL GROUP BY lineage
                    """, arguments: [cohort.rawValue])
            for row in rows {
                releases[row["lineage"]] = try Self.value(ReleaseManifest.self, row["manifest"], table: "release")
            }
            return releases
        }
    }
}
