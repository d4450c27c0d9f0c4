// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB

extension EdgeStore {
    /// The layers that the agent keeps to itself; `nil` before the first round that leaves it some, or if they are damaged.
    public func ownLayers() async throws(EdgeStoreError) -> OwnLayers? {
        try await read { db in
            // Damaged ones are as good as none: the version has layers in these places too.
            try Data.fetchOne(db, sql: "SELECT layers FROM own_layers")
                .flatMap { try? JSONDecoder().decode(OwnLayers.self, from: $0) }
        }
    }

    /// Keeps the agent's own layers as a training has left them; `nil` forgets them.
    public func keep(ownLayers layers: OwnLayers?) async throws(EdgeStoreError) {
        try await write { db in
            guard let layers else { return try db.execute(sql: "DELETE FROM own_layers") }
            try db.execute(
                sql: "INSERT OR REPLACE INTO own_layers (id, layers) VALUES (1, ?)",
                arguments: [try JSONEncoder().encode(layers)])
        }
    }
}
