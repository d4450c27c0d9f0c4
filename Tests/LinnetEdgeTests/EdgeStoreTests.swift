// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import Glibc
import LinnetDetection
import LinnetDomain
import LinnetEdge
import LinnetTestKit
import LinnetNumerics
import Testing

@Suite("The agent's store")
struct EdgeStoreTests {
    @Test("an event, its ledger row and the alarm state are one transaction, and survive a restart")
    func eventSurvives() async throws {
        let directory = try TemporaryDirectory()
        try await Fixtures.store(directory).commit(Fixtures.event(1), alarmState: Data([7]), at: Fixtures.start)

        let store = try Fixtures.store(directory)

        let waiting = try await store.outbox(after: 0, limit: 10)
        #expect(waiting.map(\.event) == [Fixtures.event(1)])
        #expect(try await store.openAlarm(of: Fixtures.device) == Fixtures.event(1))
        #expect(try await store.alarmState(of: Fixtures.device) == Data([7]))
        #expect(try await store.alarmCounts() == [Fixtures.device: 1])
    }

    @Test("a second revision ends the alarm in the ledger, and waits as a message of its own")
    func clearedRevision() async throws {
        let directory = try TemporaryDirectory()
        let store = try Fixtures.store(directory)
        try await store.commit(Fixtures.event(1), alarmState: Data(), at: Fixtures.start)
        try await store.commit(Fixtures.event(1, revision: 2), alarmState: Data(), at: Fixtures.start)

        #expect(try await store.openAlarm(of: Fixtures.device) == nil)
        #expect(try await store.alarmCounts() == [Fixtures.device: 1])
        #expect(try await store.outbox(after: 0, limit: 10).map(\.event.revision) == [1, 2])
    }

    @Test("write-ahead log and full synchronisation are on, whatever the library's defaults are")
    func durability() throws {
        let directory = try TemporaryDirectory()
        _ = try Fixtures.store(directory)

        let other = try DatabaseQueue(path: directory.path(EdgeStore.fileName))
        #expect(try other.read { db in try String.fetchOne(db, sql: "PRAGMA journal_mode") } == "wal")
    }

    @Test("a corrupt file is moved aside with its name told, and a new one works")
    func quarantine() async throws {
        let directory = try TemporaryDirectory()
        try directory.write(String(repeating: "this is no database ", count: 500), to: EdgeStore.fileName)

        let store = try Fixtures.store(directory)

        let aside = try #require(store.quarantined)
        #expect(aside.hasSuffix("agent.sqlite.corrupt-1767225600"))
        #expect(access(aside, F_OK) == 0)
        try await store.commit(Fixtures.event(1), alarmState: Data(), at: Fixtures.start)
        #expect(try await store.integrity() == "ok")
    }

    @Test("a page overwritten in the middle is found at the next start")
    func damagedPage() async throws {
        let directory = try TemporaryDirectory()
        do {
            let store = try Fixtures.store(directory)
            try await store.append(Fixtures.stored(Fixtures.windows(400)))
            try await store.checkpoint()
        }
        let file = open(directory.path(EdgeStore.fileName), O_WRONLY)
        try #require(file >= 0)
        let noise = [UInt8](repeating: 0xAB, count: 4096)
        // The second page holds the root of a table.
        #expect(pwrite(file, noise, noise.count, 4096) == noise.count)
        close(file)

        let store = try Fixtures.store(directory)

        #expect(store.quarantined != nil)
        #expect(try await store.windowCounts() == [:])
    }

    @Test("numbers of a new database start at the time of its making, so that none is used a second time")
    func numbersAreSeeded() async throws {
        let first = try TemporaryDirectory()
        let second = try TemporaryDirectory()
        let old = try Fixtures.store(first, at: Fixtures.start)
        let new = try Fixtures.store(second, at: Fixtures.start.adding(milliseconds: 60_000))

        for number in 1...10 { try await old.commit(Fixtures.event(number), alarmState: Data(), at: Fixtures.start) }
        try await new.commit(Fixtures.event(11), alarmState: Data(), at: Fixtures.start)

        let last = try #require(try await old.outbox(after: 0, limit: 20).last?.sequence)
        let fresh = try #require(try await new.outbox(after: 0, limit: 1).first?.sequence)
        #expect(fresh > last)
        let oldUpdate = try await old.nextUpdateSequence()
        #expect(try await new.nextUpdateSequence() > oldUpdate)
    }

    @Test("an update's number is never handed out twice, not even after a restart")
    func updateNumbers() async throws {
        let directory = try TemporaryDirectory()
        let first = try await Fixtures.store(directory).nextUpdateSequence()
        let second = try await Fixtures.store(directory).nextUpdateSequence()
        #expect(second == first + 1)
    }

    @Test("with the disk full nothing is written, the error says it may pass, and what was there is whole")
    func fullDisk() async throws {
        let directory = try TemporaryDirectory()
        let store = try Fixtures.store(directory, EdgeStoreLimits(maximumPages: 40))
        var written = 0
        var failure: EdgeStoreError?
        while failure == nil, written < 10_000 {
            do throws(EdgeStoreError) {
                try await store.commit(Fixtures.event(written), alarmState: Data(), at: Fixtures.start)
                written += 1
            } catch {
                failure = error
            }
        }

        #expect(failure?.isTransient == true)
        #expect(try await store.outboxStatus().depth == written)
        #expect(try await store.integrity() == "ok")
    }

    @Test("what a top-k update has left out is kept until the next, and can be forgotten")
    func residual() async throws {
        let directory = try TemporaryDirectory()
        let store = try Fixtures.store(directory)
        #expect(try await store.residual() == nil)

        try await store.keep(residual: ParameterVector([0.5, -1e-30]))
        try await store.keep(residual: ParameterVector([0.25, 3e8, -0.0]))
        #expect(try await Fixtures.store(directory).residual() == ParameterVector([0.25, 3e8, -0.0]))

        try await store.keep(residual: ParameterVector([.nan]))
        #expect(try await store.residual() == nil)
        try await store.keep(residual: nil)
        #expect(try await store.residual() == nil)
    }

    @Test("another signal contract makes windows, models and states go, and leaves ledger and outbox")
    func contractChange() async throws {
        let directory = try TemporaryDirectory()
        let store = try Fixtures.store(directory)
        #expect(try await !store.adopt(Fixtures.contract, at: Fixtures.start))
        try await store.append(Fixtures.stored(Fixtures.windows(10)))
        try await store.commit(Fixtures.event(1), alarmState: Data([1]), at: Fixtures.start)
        try await store.activate(try Fixtures.trained().model, noting: entry(.activated, release: 4))
        try await store.keep(residual: ParameterVector([1]))
        #expect(try await !store.adopt(Fixtures.contract, at: Fixtures.start))

        var other = Fixtures.contract
        other.windowLength = 5
        #expect(try await store.adopt(other, at: Fixtures.start))

        #expect(try await store.windowCounts() == [:])
        #expect(try await store.model(in: .active) == nil)
        #expect(try await store.residual() == nil)
        #expect(try await store.lastRelease() == 0)
        #expect(try await store.alarmState(of: Fixtures.device) == nil)
        #expect(try await store.openAlarm(of: Fixtures.device) == nil)
        #expect(try await store.outboxStatus().depth == 1)
    }
}

@Suite("Stored windows")
struct StoredWindowTests {
    @Test("the newest are kept of each device, oldest first, and the others go")
    func ring() async throws {
        let directory = try TemporaryDirectory()
        let store = try Fixtures.store(directory, EdgeStoreLimits(storedWindows: 50))
        let other = DeviceID(checked: "fan")
        let windows = Fixtures.windows(120)
        try await store.append(Fixtures.stored(Array(windows[..<10]), of: other))
        for batch in stride(from: 0, to: 120, by: 40) {
            try await store.append(Fixtures.stored(Array(windows[batch..<batch + 40])))
        }

        let kept = try await store.windows(of: Fixtures.device, newest: 1000, width: 12)

        #expect(kept == Fixtures.stored(Array(windows[70...])))
        #expect(try await store.windowCounts() == [Fixtures.device: 50, other: 10])
        #expect(try await store.windows(of: Fixtures.device, newest: 3, width: 12) == Array(kept.suffix(3)))
    }

    @Test("a row of another width, or with a number that is not finite, is left out")
    func damagedRows() async throws {
        let directory = try TemporaryDirectory()
        let store = try Fixtures.store(directory)
        var broken = Fixtures.stored(Fixtures.windows(3))
        broken[0].values[5] = .nan
        broken[1].values.removeLast()
        try await store.append(broken)

        #expect(try await store.windows(of: Fixtures.device, newest: 10, width: 12) == [broken[2]])
    }
}

@Suite("Model slots")
struct ModelSlotTests {
    @Test("a swap moves active to previous, empties the candidate, and is written in the history")
    func swap() async throws {
        let directory = try TemporaryDirectory()
        let store = try Fixtures.store(directory)
        let first = try Fixtures.trained(provenance: ["name": "first"]).model
        var second = try Fixtures.trained(provenance: ["name": "second"]).model
        second.version.number = 7
        try await store.activate(first, noting: entry(.learned))
        try await store.keepCandidate(second, noting: entry(.verified, release: 3))
        try await store.activate(second, noting: entry(.activated, release: 3))

        let reopened = try Fixtures.store(directory)

        #expect(try await reopened.model(in: .active) == second)
        #expect(try await reopened.model(in: .previous) == first)
        #expect(try await reopened.model(in: .candidate) == nil)
        #expect(try await reopened.lastRelease() == 3)
        let history = try await reopened.history()
        #expect(history.rows.map(\.entry.step) == [.learned, .verified, .activated])
        #expect(history.rows.map(\.entry.active) == [first.version, first.version, second.version])
    }

    @Test("the previous model comes back, and the bad one goes")
    func fallBack() async throws {
        let directory = try TemporaryDirectory()
        let store = try Fixtures.store(directory)
        let first = try Fixtures.trained(provenance: ["name": "first"]).model
        #expect(try await !store.restorePrevious(noting: entry(.reverted)))
        try await store.activate(first, noting: entry(.learned))
        let bad = try Fixtures.trained(provenance: ["name": "bad"]).model
        try await store.activate(bad, noting: entry(.activated, release: 1))

        #expect(try await store.restorePrevious(noting: entry(.reverted)))

        #expect(try await store.model(in: .active) == first)
        #expect(try await store.model(in: .previous) == nil)
        #expect(try await store.lastRelease() == 1)
        let last = try #require(try await store.history().rows.last?.entry)
        #expect(last.step == .reverted && last.version == bad.version && last.active == first.version)
    }

    @Test("a refused release is remembered, and its candidate goes")
    func refusal() async throws {
        let directory = try TemporaryDirectory()
        let store = try Fixtures.store(directory)
        let candidate = try Fixtures.trained().model
        try await store.keepCandidate(candidate, noting: entry(.verified, release: 5))
        try await store.refuse(noting: entry(.refused, release: 5))

        #expect(try await store.model(in: .candidate) == nil)
        #expect(try await store.lastRelease() == 5)
    }

    @Test("L-4 a model with a flipped bit is not handed out: its digest is checked each time it is read")
    func flippedBit() async throws {
        let directory = try TemporaryDirectory()
        let store = try Fixtures.store(directory)
        try await store.activate(try Fixtures.trained().model, noting: entry(.learned))
        let other = try DatabaseQueue(path: directory.path(EdgeStore.fileName))
        try await other.write { db in
            let bytes = try Data.fetchOne(db, sql: "SELECT bytes FROM model")
            var changed = try #require(bytes)
            changed[changed.count / 2] ^= 1
            try db.execute(sql: "UPDATE model SET bytes = ?", arguments: [changed])
        }

        #expect(try await store.model(in: .active) == nil)
    }
}

/// A step at the beginning of all time.
private func entry(_ step: HistoryEntry.Step, release: Int? = nil) -> HistoryEntry {
    HistoryEntry(at: Fixtures.start, step, nil, release: release)
}
