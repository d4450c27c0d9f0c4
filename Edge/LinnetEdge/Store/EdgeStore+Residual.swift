// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import LinnetNumerics

extension EdgeStore {
    /// What the last top-k update has left out, to be sent with the next one; `nil` if there is nothing, or it is damaged.
    public func residual() async throws(EdgeStoreError) -> ParameterVector? {
        try await read { db in
            guard let bytes = try Data.fetchOne(db, sql: "SELECT parameters FROM residual"),
                let values = StoredWindow.values(from: bytes, count: bytes.count / 4)
            else { return nil }
            return ParameterVector(values)
        }
    }

    /// Keeps what an accepted update has left out; `nil` forgets it.
    public func keep(residual: ParameterVector?) async throws(EdgeStoreError) {
        let bytes = residual.map { StoredWindow.bytes(of: $0.values) }
        try await write { db in
            try db.execute(sql: "DELETE FROM residual")
            guard let bytes else { return }
            try db.execute(sql: "INSERT INTO residual (id, parameters) VALUES (1, ?)", arguments: [bytes])
        }
    }
}
