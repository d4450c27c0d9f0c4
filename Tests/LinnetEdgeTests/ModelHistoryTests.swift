// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import LinnetDomain
import LinnetEdge
import LinnetTestKit
import Testing

@Suite("The history of an agent's models")
struct ModelHistoryTests {
    private let directory: TemporaryDirectory
    private let store: EdgeStore
    private let first: StoredModel
    private let second: StoredModel

    init() throws {
        directory = try TemporaryDirectory()
        store = try Fixtures.store(directory, EdgeStoreLimits(maximumHistory: 20))
        (first, second) = try (
            Fixtures.trained(provenance: ["name": "first"]).model,
            Fixtures.trained(provenance: ["name": "second"]).model
        )
    }

    private func time(_ minute: Int64) -> Timestamp { Fixtures.start.adding(milliseconds: minute * 60_000) }

    /// A model learned at minute 1, another activated by release 4 at minute 10 and confirmed, and taken back at minute 30.
    private func write() async throws {
        try await store.activate(first, noting: HistoryEntry(at: time(1), .learned, first.version, reason: "alone"))
        let steps: [HistoryEntry.Step] = [.assigned, .shadowing, .selfTesting]
        for (minute, step) in zip([5, 6, 7] as [Int64], steps) {
            try await store.note(HistoryEntry(at: time(minute), step, second.version, release: 4, rollout: 2))
        }
        try await store.activate(
            second,
            noting: HistoryEntry(
                at: time(10), .activated, second.version, release: 4, rollout: 2, reason: "it has passed its trials",
                evidence: ["shadow.windows": 40]))
        try await store.confirm(noting: HistoryEntry(at: time(20), .confirmed, second.version, release: 4))
        #expect(
            try await store.restorePrevious(
                noting: HistoryEntry(at: time(30), .returned, second.version, release: 5, reason: "taken back"), by: 5))
    }

    @Test("it tells which model ran on a device at a time, since when, why, and what led to it")
    func why() async throws {
        try await write()
        let history = try ModelHistory.read(directory: directory.path)

        #expect(history.fault == nil)
        #expect(history.answer(at: time(0)) == nil)
        let early = try #require(history.answer(for: Fixtures.device, at: time(9)))
        #expect(
            early.version == first.version && early.cause?.entry.step == .learned && early.cause?.entry.at == time(1))
        let late = try #require(history.answer(for: Fixtures.device, at: time(25)))
        #expect(late.version == second.version && late.cause?.entry.evidence == ["shadow.windows": 40])
        #expect(late.cause?.entry.rollout == 2)
        #expect(late.steps.map(\.entry.step) == [.assigned, .shadowing, .selfTesting, .activated, .confirmed])
        let last = try #require(history.answer(for: Fixtures.device, at: time(99)))
        #expect(last.version == first.version && last.cause?.entry.reason == "taken back")
        #expect(history.answer(for: DeviceID(checked: "fan"), at: time(99))?.version == nil)
    }

    @Test("a device that is calibrated later runs the model from then on")
    func lateDevice() async throws {
        var alone = first
        alone.calibrations = [:]
        let fan = DeviceID(checked: "fan")
        let calibrations = Dictionary(uniqueKeysWithValues: first.calibrations.map { (fan, $0.value) })
        try await store.activate(alone, noting: HistoryEntry(at: time(1), .learned, alone.version))
        #expect(try await store.add(calibrations, to: alone.version.digest, at: time(2)))

        let history = try await store.history()
        #expect(history.answer(for: fan, at: time(1))?.version == nil)
        let answer = try #require(history.answer(for: fan, at: time(2)))
        #expect(answer.version == alone.version && answer.cause?.entry.reason == "enough windows now: fan")
    }

    @Test("L-4 a row that is changed, taken out or cut off is named, and so is one that is put in")
    func tampering() async throws {
        try await write()
        let path = directory.path(EdgeStore.fileName)
        let rows = try await store.history().rows.count
        let cases: [(sql: String, fault: ModelHistory.Fault)] = [
            (
                """
                UPDATE history SET entry = CAST(replace(CAST(entry AS TEXT), '"release":4', '"release":3') AS BLOB)
                WHERE row = 5
                """, .changed(row: 5)
            ),
            ("UPDATE history SET digest = (SELECT digest FROM history WHERE row = 4) WHERE row = 5", .changed(row: 5)),
            ("DELETE FROM history WHERE row = 3", .missing(row: 3)),
            ("DELETE FROM history WHERE row = 1", .missing(row: 1)),
            ("DELETE FROM history WHERE row = \(rows)", .cutOff(after: Int64(rows) - 1, last: Int64(rows))),
            (
                "INSERT INTO history SELECT row + 1, entry, digest FROM history WHERE row = \(rows)",
                .changed(row: Int64(rows) + 1)
            ),
            ("UPDATE history SET row = 99 WHERE row = 2", .missing(row: 2)),
        ]
        try await store.checkpoint()
        for (sql, fault) in cases {
            let copy = try TemporaryDirectory()
            let bytes = try Data(contentsOf: URL(filePath: path))
            try bytes.write(to: URL(filePath: copy.path(EdgeStore.fileName)))
            try await DatabaseQueue(path: copy.path(EdgeStore.fileName)).write { db in
                try db.execute(sql: sql)
            }
            #expect(try ModelHistory.read(directory: copy.path).fault == fault, "\(sql)")
        }
    }

    @Test("above its limit the oldest rows go, and the chain of the others still holds and still shows a change")
    func retention() async throws {
        for minute in 0..<50 {
            try await store.note(HistoryEntry(at: time(Int64(minute)), .assigned, first.version, release: minute))
        }
        var history = try await store.history()
        #expect(history.rows.map(\.row) == Array(31...50) && history.fault == nil)
        #expect(history.answer(at: time(49))?.cause == nil)

        let other = try DatabaseQueue(path: directory.path(EdgeStore.fileName))
        try await other.write { db in try db.execute(sql: "DELETE FROM history WHERE row = 31") }
        history = try await store.history()
        #expect(history.fault == .missing(row: 31))
    }

    @Test("where the agent has never run there is nothing to read, and that is said")
    func nothing() throws {
        let empty = try TemporaryDirectory()
        #expect(throws: EdgeStoreError.self) { try ModelHistory.read(directory: empty.path) }
    }

    @Test("swaps of an older database's journal stand in the history")
    func migration() async throws {
        let old = try TemporaryDirectory()
        let path = old.path(EdgeStore.fileName)
        do {
            let store = try Fixtures.store(old)
            try await store.checkpoint()
        }
        let digest = first.version.digest.hex
        try await DatabaseQueue(path: path).write { db in
            try db.execute(
                sql: """
                    DROP TABLE history; DELETE FROM grdb_migrations WHERE identifier LIKE '3 %';
                    CREATE TABLE journal (row INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, action TEXT NOT NULL,
                        origin TEXT, target TEXT, reason TEXT NOT NULL) STRICT;
                    INSERT INTO journal (at, action, target, reason) VALUES (7, 'learned', '0 \(digest)', 'alone');
                    INSERT INTO journal (at, action, origin, target, reason)
                        VALUES (8, 'refused', '0 \(digest)', '3 \(digest)', 'no');
                    """)
        }
        let history = try await Fixtures.store(old).history()
        #expect(history.fault == nil)
        #expect(history.rows.map(\.entry.step) == [.learned, .refused])
        #expect(history.rows.map(\.entry.active) == [first.version, first.version])
    }
}
