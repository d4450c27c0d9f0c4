// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import LinnetDomain
import LinnetFleet
import LinnetMessaging
import LinnetNumerics
import LinnetStore
import LinnetTestKit
import Testing

@Suite("Events, each once")
struct EventStoreTests {
    private let folder: TemporaryDirectory
    private let store: SQLiteFleetStore
    private let agent: AgentID
    private let now = Timestamp(milliseconds: 1_767_225_600_000)

    init() throws {
        folder = try TemporaryDirectory()
        store = try SQLiteFleetStore(path: folder.path("coordinator.sqlite"))
        agent = try AgentID("press-2")
    }

    private func message(_ sequence: Int64, oldest: Int64 = 1, id: UInt64? = nil, revision: Int = 1) throws
        -> AnomalyMessage
    {
        var generator = SeededGenerator(seed: id ?? UInt64(sequence))
        let event = AnomalyEvent(
            id: ULID(at: now.adding(milliseconds: Int64(id ?? UInt64(sequence)) * 1000), using: &generator),
            revision: revision,
            agent: agent, device: try DeviceID("pump"),
            state: revision == 1 ? .firing : .cleared, startedAt: now, endedAt: now, reportedAt: now, score: 3,
            peakScore: 4, threshold: 1,
            model: ModelVersion(number: 1, digest: LinnetDomain.Digest(of: Data("m".utf8))),
            contributions: [ChannelContribution(channel: "flow", share: 1, observed: 2, expected: 1)], windows: 3)
        return AnomalyMessage(event: event, sequence: sequence, oldest: oldest, historical: false)
    }

    @Test("a message that comes again is stored once, and acknowledged again")
    func duplicates() throws {
        #expect(try store.record(try message(1), at: now) == .stored)
        #expect(try store.record(try message(1), at: now) == .duplicate)

        #expect(try store.eventCounts() == (1, 1))
        #expect(try store.mark(of: agent) == 1)
    }

    @Test("the mark waits for what is missing, and jumps over what the agent no longer holds")
    func gaps() throws {
        _ = try store.record(try message(1), at: now)
        _ = try store.record(try message(3), at: now)
        #expect(try store.mark(of: agent) == 1)
        _ = try store.record(try message(2), at: now)
        #expect(try store.mark(of: agent) == 3)

        _ = try store.record(try message(9, oldest: 8), at: now)
        #expect(try store.mark(of: agent) == 7)
        _ = try store.record(try message(8, oldest: 8), at: now)
        #expect(try store.mark(of: agent) == 9)
        #expect(try store.eventCounts().stored == 5)
    }

    @Test("a newer revision replaces an older one, and never the other way round")
    func revisions() throws {
        _ = try store.record(try message(2, id: 7, revision: 2), at: now)
        #expect(try store.record(try message(1, id: 7, revision: 1), at: now) == .duplicate)

        let events = try store.events(after: 0, limit: 10, agent: nil, device: nil)
        #expect(events.map(\.message.event.revision) == [2])
        #expect(try store.eventCounts() == (1, 0))
        #expect(try store.mark(of: agent) == 2)
    }

    @Test("what was stored is there after closing and opening again, and the file is whole")
    func reopening() throws {
        _ = try store.record(try message(1), at: now)
        try store.close()

        let again = try SQLiteFleetStore(path: folder.path("coordinator.sqlite"))

        #expect(try again.events(after: 0, limit: 10, agent: agent, device: nil).count == 1)
        #expect(try again.mark(of: agent) == 1)
    }

    @Test("retention removes the oldest events, and they are not stored again")
    func retention() throws {
        for sequence in 1...5 { _ = try store.record(try message(Int64(sequence)), at: now) }

        #expect(try store.retain(RetentionLimits(events: 2, versions: 2, audit: 10)) == 3)

        #expect(try store.eventCounts().stored == 2)
        #expect(try store.record(try message(1), at: now) == .duplicate)
        #expect(try store.eventCounts().stored == 2)
    }

    @Test("a changed audit row is found")
    func auditChain() throws {
        for number in 1...3 {
            try store.append(
                AuditEntry(row: 0, at: now, actor: "coordinator", action: "tested", subject: "\(number)", reason: ""))
        }
        #expect(try store.firstBrokenAuditRow() == nil)
        try store.close()

        let queue = try DatabaseQueue(path: folder.path("coordinator.sqlite"))
        try queue.write { try $0.execute(sql: "UPDATE audit SET subject = 'x' WHERE row = 2") }
        try queue.close()

        #expect(try SQLiteFleetStore(path: folder.path("coordinator.sqlite")).firstBrokenAuditRow() == 2)
    }

    @Test("a file that is no database is refused, and left as it is")
    func damaged() throws {
        let path = try folder.write(String(repeating: "not a database. ", count: 300), to: "other.sqlite")

        #expect(throws: StoreError.self) { try SQLiteFleetStore(path: path) }

        #expect(try String(contentsOfFile: path, encoding: .utf8).hasPrefix("not a database."))
    }
}
