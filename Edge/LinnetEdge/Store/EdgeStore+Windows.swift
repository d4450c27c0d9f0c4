// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import LinnetDomain

extension EdgeStore {
    private struct WindowRow: Decodable, FetchableRecord {
        var startedAt: Int64
        var endedAt: Int64
        var samples: Data
    }

    /// Adds normal windows in one transaction; of each device the newest ``EdgeStoreLimits/storedWindows`` stay.
    public func append(_ windows: [StoredWindow]) async throws(EdgeStoreError) {
        guard !windows.isEmpty else { return }
        let limit = limits.storedWindows
        try await write { db in
            let insertion = try db.cachedStatement(
                sql: "INSERT INTO window (device, startedAt, endedAt, samples) VALUES (?, ?, ?, ?)")
            for window in windows {
                try insertion.execute(arguments: [
                    window.device.rawValue, window.start.milliseconds, window.end.milliseconds, window.samples,
                ])
            }
            for device in Set(windows.map(\.device)) {
                let arguments: StatementArguments = [device.rawValue, device.rawValue, limit]
                try db.execute(
                    sql: """
                        DELETE FROM window WHERE device = ? AND sequence <=
                            (SELECT sequence FROM window WHERE device = ? ORDER BY sequence DESC LIMIT 1 OFFSET ?)
                        """, arguments: arguments)
            }
        }
    }

    /// The newest normal windows of a device, oldest first.
    ///
    /// - Parameters:
    ///   - width: numbers in a window; a row with another count, or with a number that is not finite, is left out.
    public func windows(
        of device: DeviceID, newest limit: Int, width: Int
    ) async throws(EdgeStoreError) -> [StoredWindow] {
        try await read { db in
            let rows = try WindowRow.fetchCursor(
                db,
                sql: "SELECT startedAt, endedAt, samples FROM window WHERE device = ? ORDER BY sequence DESC LIMIT ?",
                arguments: [device.rawValue, limit])
            var windows: [StoredWindow] = []
            while let row = try rows.next() {
                guard let values = StoredWindow.values(from: row.samples, count: width) else { continue }
                windows.append(
                    StoredWindow(
                        device: device, start: Timestamp(milliseconds: row.startedAt),
                        end: Timestamp(milliseconds: row.endedAt), values: values))
            }
            return windows.reversed()
        }
    }

    /// Normal windows that are kept, by device.
    public func windowCounts() async throws(EdgeStoreError) -> [DeviceID: Int] {
        try await countByDevice("SELECT device, COUNT(*) AS count FROM window GROUP BY device")
    }
}
