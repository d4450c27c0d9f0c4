// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import LinnetNumerics

extension EdgeStore {
    /// The agent's control variate (SCAFFOLD); `nil` before the first round with one, or if it is damaged.
    public func control() async throws(EdgeStoreError) -> ParameterVector? {
        try await read { db in
            guard let bytes = try Data.fetchOne(db, sql: "SELECT parameters FROM control"),
                let values = StoredWindow.values(from: bytes, count: bytes.count / 4)
            else { return nil }
            return ParameterVector(values)
        }
    }

    /// Keeps the agent's control variate as an accepted update has left it.
    public func keep(control: ParameterVector) async throws(EdgeStoreError) {
        let bytes = StoredWindow.bytes(of: control.values)
        try await write { db in
            try db.execute(
                sql: "INSERT OR REPLACE INTO control (id, parameters) VALUES (1, ?)", arguments: [bytes])
        }
    }
}
