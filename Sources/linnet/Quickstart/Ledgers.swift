// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import LinnetDomain

/// Reads what a run has left in the coordinator's and the agents' databases, after their processes have stopped.
///
/// The verdict is taken from here and not from what processes say of themselves.
struct Ledgers {
    let directory: RunDirectory
    /// What seconds are counted from.
    let epoch: Timestamp

    // Records, not raw rows: a column of another type is an error to report then, and not a trap.
    private struct EventRow: Decodable, FetchableRecord {
        var id: String
        var agent: AgentID
        var device: DeviceID
        var startedAt: Timestamp
        var endedAt: Timestamp
        var channel: String?
    }

    private struct AlarmRow: Decodable, FetchableRecord {
        var id: String
        var device: DeviceID
    }

    private struct OutboxRow: Decodable, FetchableRecord {
        var event: String
    }

    /// Every row of the coordinator's event table.
    func storedEvents() throws(CommandFailure) -> [StoredEvent] {
        let rows: [EventRow] = try fetch(
            directory.coordinatorDatabase, "SELECT id, agent, device, startedAt, endedAt, channel FROM event")
        return rows.map { row in
            let start = seconds(row.startedAt)
            return StoredEvent(
                id: row.id, agent: row.agent, device: row.device, seconds: start...max(start, seconds(row.endedAt)),
                raisedSeconds: ULID(row.id).map { seconds($0.time) }, channel: row.channel)
        }
    }

    /// Every alarm that an agent has ever raised.
    func raisedAlarms(of agent: AgentID) throws(CommandFailure) -> [RaisedAlarm] {
        let database = directory.edgeDatabase(agent)
        let outbox: [OutboxRow] = try fetch(database, "SELECT event FROM outbox")
        let waiting = Set(outbox.map(\.event))
        let alarms: [AlarmRow] = try fetch(database, "SELECT id, device FROM alarm")
        return alarms.map {
            RaisedAlarm(id: $0.id, agent: agent, device: $0.device, isWaiting: waiting.contains($0.id))
        }
    }

    private func seconds(_ time: Timestamp) -> Double { Double(time.milliseconds(since: epoch)) / 1000 }

    private func fetch<Value: FetchableRecord>(
        _ path: String, _ query: String
    ) throws(CommandFailure) -> [Value] {
        do {
            var configuration = Configuration()
            configuration.readonly = true
            let database = try DatabaseQueue(path: path, configuration: configuration)
            return try database.read { try Value.fetchAll($0, sql: query) }
        } catch {
            throw .failed("\(path) can not be read for the verdict: \(error)")
        }
    }
}
