// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFleet
import LinnetMessaging
import LinnetNumerics
import LinnetStore
import LinnetTestKit
import Testing

@Suite("Events that nobody can be trusted about")
struct EventIngestTests {
    private let folder: TemporaryDirectory
    private let store: SQLiteFleetStore
    private let ingest: EventIngest
    private let press = try! AgentID("press")
    private let pump = try! DeviceID("pump")
    private let now = Timestamp(milliseconds: 1_767_225_600_000)

    init() throws {
        folder = try TemporaryDirectory()
        store = try SQLiteFleetStore(path: folder.path("coordinator.sqlite"))
        ingest = EventIngest(store: store, clock: ManualClock().wallClock)
    }

    private func message(
        _ sequence: Int64, at seconds: Int64, agent: String = "press", oldest: Int64? = nil, revision: Int = 1
    ) throws -> AnomalyMessage {
        var generator = SeededGenerator(seed: UInt64(seconds))
        let event = AnomalyEvent(
            id: ULID(at: now.adding(milliseconds: seconds * 1000), using: &generator), revision: revision,
            agent: try AgentID(agent), device: pump, state: revision == 1 ? .firing : .cleared, startedAt: now,
            endedAt: now, reportedAt: now, score: 3, peakScore: 4, threshold: 1,
            model: ModelVersion(number: 1, digest: Digest(of: Data("m".utf8))),
            contributions: [ChannelContribution(channel: "flow", share: 1, observed: 2, expected: 1)], windows: 3)
        return AnomalyMessage(event: event, sequence: sequence, oldest: oldest ?? 1, historical: false)
    }

    @Test("an event under another agent's or device's topic is refused, by name")
    func wrongTopic() throws {
        let bytes = try Wire.encode(try message(1, at: 0))
        let other = try AgentID("mill")

        #expect(throws: IngestError.wrongSender(topic: "mill/pump", claimed: "press/pump")) {
            try ingest.take(bytes, agent: other, device: pump)
        }
        #expect(throws: IngestError.wrongSender(topic: "press/fan", claimed: "press/pump")) {
            try ingest.take(bytes, agent: press, device: try DeviceID("fan"))
        }
        #expect(try store.eventCounts() == (0, 0))
        #expect(try ingest.take(bytes, agent: press, device: pump) == .stored)
    }

    @Test("an agent can not replace another agent's event by its id")
    func foreignID() throws {
        let original = try message(1, at: 0)
        _ = try ingest.take(try Wire.encode(original), agent: press, device: pump)
        let forged = try message(1, at: 0, agent: "mill", revision: 2)
        #expect(forged.event.id == original.event.id)

        #expect(throws: IngestError.foreignID(original.event.id)) {
            try ingest.take(try Wire.encode(forged), agent: try AgentID("mill"), device: pump)
        }
        let stored = try store.events(after: 0, limit: 10, agent: nil, device: nil)
        #expect(stored.map(\.message) == [original])
    }

    @Test("a message cut off at any byte is refused, and nothing is stored")
    func truncation() throws {
        let bytes = try Wire.encode(try message(1, at: 0))

        for count in 0..<bytes.count {
            #expect(throws: IngestError.self) {
                try ingest.take(bytes.prefix(count), agent: press, device: pump)
            }
        }
        #expect(try store.eventCounts() == (0, 0))
    }

    @Test("random bytes, and an event with any byte changed, never trap")
    func hostileBytes() throws {
        var generator = SeededGenerator(seed: 3)
        let bytes = try Wire.encode(try message(1, at: 0))
        for position in bytes.indices {
            var changed = bytes
            changed[position] = UInt8.random(in: 0...255, using: &generator)
            // Whether it still is an event is not the point.
            _ = try? ingest.take(changed, agent: press, device: pump)
        }
        for count in 0..<300 {
            let random = Data((0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) })
            #expect(throws: IngestError.self) { try ingest.take(random, agent: press, device: pump) }
        }
        #expect(try store.firstBrokenAuditRow() == nil)
    }

    @Test("the largest numbers there are do not overflow the mark")
    func extremes() throws {
        _ = try store.record(try message(Int64.max, at: 0, oldest: Int64.max), at: now)
        #expect(try store.mark(of: press) == Int64.max)
        _ = try store.record(try message(Int64.max, at: 0, oldest: Int64.max), at: now)
        #expect(try store.eventCounts().stored == 1)
    }

    @Test("an agent that lost its database counts from 1 again: its new events are stored, and the mark starts anew")
    func restartedNumbers() throws {
        for sequence in 1...5 { _ = try store.record(try message(Int64(sequence), at: Int64(sequence)), at: now) }
        #expect(try store.mark(of: press) == 5)

        #expect(try store.record(try message(2, at: 100), at: now) == .stored)

        #expect(try store.mark(of: press) == 0, "message 1 of the new life has not come yet")
        #expect(try store.record(try message(1, at: 99), at: now) == .stored)
        #expect(try store.mark(of: press) == 2)
        #expect(try store.eventCounts().stored == 7)
        #expect(try store.record(try message(2, at: 100), at: now) == .duplicate)
    }

    @Test("whatever is lost, doubled and out of order, every event is stored once and acknowledged in the end")
    func anyDelivery() throws {
        for seed in 1...20 as ClosedRange<UInt64> {
            let agent = "agent-\(seed)"
            var generator = SeededGenerator(seed: seed)
            var outbox = try (1...30).map { try message($0, at: Int64(seed) * 1000 + $0, agent: agent) }
            while let oldest = outbox.first?.sequence {
                for entry in outbox.shuffled(using: &generator) where Bool.random(using: &generator) {
                    var entry = entry
                    entry.oldest = oldest
                    _ = try store.record(entry, at: now)
                }
                // Half of the acknowledgements are lost.
                guard Bool.random(using: &generator) else { continue }
                let mark = try store.mark(of: try AgentID(agent))
                outbox.removeAll { $0.sequence <= mark }
            }
            let stored = try store.events(after: 0, limit: 100, agent: try AgentID(agent), device: nil)
            #expect(stored.count == 30, "seed \(seed)")
            #expect(try store.mark(of: try AgentID(agent)) == 30)
        }
    }
}
