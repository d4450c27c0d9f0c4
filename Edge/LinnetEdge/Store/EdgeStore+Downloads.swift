// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import LinnetDomain
import LinnetMessaging

/// The part of a model file that is here already, so that a restart asks only for the rest.
///
/// There is one file at a time, so that what it takes is bounded by the largest file. Each chunk has its digest: a flipped bit
/// costs that chunk, and not the whole.
extension EdgeStore {
    private struct ChunkRow: Decodable, FetchableRecord {
        var place: Int
        var bytes: Data
        var digest: String
    }

    private struct PlanRow: Decodable, FetchableRecord {
        var digest: String
        var bytes: Int
        var chunkBytes: Int

        var plan: ChunkPlan? { Digest(hex: digest).map { ChunkPlan(digest: $0, bytes: bytes, chunkBytes: chunkBytes) } }
    }

    /// The chunks of a file that were kept, by their place; those of any other file, or of other cuts, go.
    public func resume(_ plan: ChunkPlan) async throws(EdgeStoreError) -> [Int: Data] {
        try await write { db in
            guard try PlanRow.fetchOne(db, sql: "SELECT * FROM download")?.plan == plan else {
                try Self.forgetChunks(db)
                try db.execute(
                    sql: "INSERT INTO download (id, digest, bytes, chunkBytes) VALUES (1, ?, ?, ?)",
                    arguments: [plan.digest.hex, plan.bytes, plan.chunkBytes])
                return [:]
            }
            let rows = try ChunkRow.fetchAll(db, sql: "SELECT * FROM chunk ORDER BY place")
            let whole = rows.filter { row in
                plan.range(of: row.place)?.count == row.bytes.count && Digest(of: row.bytes).hex == row.digest
            }
            return Dictionary(uniqueKeysWithValues: whole.map { ($0.place, $0.bytes) })
        }
    }

    /// Keeps chunks of the file that was asked for last; those of another one are passed over.
    public func keep(_ chunks: [Int: Data], of plan: ChunkPlan) async throws(EdgeStoreError) {
        try await write { db in
            guard try PlanRow.fetchOne(db, sql: "SELECT * FROM download")?.plan == plan else { return }
            for (place, bytes) in chunks.sorted(by: { $0.key < $1.key })
            where plan.range(of: place)?.count == bytes.count {
                try db.execute(
                    sql: "INSERT OR REPLACE INTO chunk (place, bytes, digest) VALUES (?, ?, ?)",
                    arguments: [place, bytes, Digest(of: bytes).hex])
            }
        }
    }

    /// Lets all chunks go.
    public func forgetChunks() async throws(EdgeStoreError) {
        try await write { db in try Self.forgetChunks(db) }
    }

    static func forgetChunks(_ db: Database) throws { try db.execute(sql: "DELETE FROM download; DELETE FROM chunk") }
}
