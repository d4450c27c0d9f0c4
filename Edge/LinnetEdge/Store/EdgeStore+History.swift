// SPDX-License-Identifier: Apache-2.0

import GRDB
import Glibc
import LinnetDomain

extension EdgeStore {
    /// Notes a step that changes nothing else.
    public func note(_ entry: HistoryEntry) async throws(EdgeStoreError) {
        let limits = limits
        try await write { db in try Self.note(entry, limits, db) }
    }

    /// All that is remembered of the agent's models, checked.
    public func history() async throws(EdgeStoreError) -> ModelHistory {
        try await read { db in try HistoryChain.read(db) }
    }
}

extension ModelHistory {
    /// Reads the history from an agent's state folder, and checks it.
    ///
    /// The agent may be running: this connection only reads, and so makes no checkpoint, which would be the second one.
    ///
    /// - Throws: ``EdgeStoreError`` if there is no database, or it can not be read.
    public static func read(directory: String) throws(EdgeStoreError) -> ModelHistory {
        let path = directory + "/" + EdgeStore.fileName
        guard access(path, F_OK) == 0 else {
            throw .unusable(path: path, reason: "there is no such file; the agent has never run with this folder")
        }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        do {
            return try DatabaseQueue(path: path, configuration: configuration).read { db in
                try HistoryChain.read(db)
            }
        } catch {
            throw EdgeStoreError(error, path: path)
        }
    }
}
