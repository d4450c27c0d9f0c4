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

/// The file is closed and opened again before every step: whatever a step needs must be in it.
@Suite("Rounds, versions and releases in the file")
final class RoundStoreTests {
    private let folder: TemporaryDirectory
    private var store: SQLiteFleetStore
    private let now = Timestamp(milliseconds: 1_767_225_600_000)
    private let press = try! AgentID("press")
    private let contract = SignalContract(
        channels: [Channel(name: "flow")], intervalMilliseconds: 1000, windowLength: 8)
    private var cohort: CohortID { CohortID(of: contract) }

    init() throws {
        folder = try TemporaryDirectory()
        store = try SQLiteFleetStore(path: folder.path("coordinator.sqlite"))
        _ = try store.addCohort(cohort, contract: contract, audit: entry("cohort formed"))
    }

    /// Closes the file, and opens it as a coordinator that has just been started would.
    private func reopened() throws -> SQLiteFleetStore {
        try store.close()
        store = try SQLiteFleetStore(path: folder.path("coordinator.sqlite"))
        return store
    }

    private func entry(_ action: String) -> AuditEntry {
        AuditEntry(row: 0, at: now, actor: "coordinator", action: action, subject: "x", reason: "because")
    }

    private func proposal() -> Round {
        Round(
            number: 0, cohort: cohort, kind: .statistics, base: nil, settings: ClientSettings(), participants: [press],
            goal: 1, quorum: 1, minimumWindows: 1, openedAt: now, deadline: now.adding(milliseconds: 1000))
    }

    private func update(_ round: Int, sequence: Int64 = 3) -> UpdateRecord {
        let body = Data("body".utf8)
        return UpdateRecord(
            header: UpdateHeader(
                agent: press, cohort: cohort, round: round, kind: .statistics, base: nil, windows: 5, lossBefore: nil,
                lossAfter: nil, plan: ChunkPlan(of: body, chunkBytes: 4096), sequence: sequence, at: now),
            body: body, receivedAt: now)
    }

    private func version(_ number: Int, round: Int) -> VersionRecord {
        let file = Data("model \(number)".utf8)
        return VersionRecord(
            cohort: cohort, version: ModelVersion(number: number, digest: LinnetDomain.Digest(of: file)), parent: nil,
            round: round, participants: [press], file: file, parameters: 7, lossBefore: nil, lossAfter: nil,
            createdAt: now.adding(milliseconds: Int64(number)))
    }

    private func manifest(_ version: VersionRecord, release: Int) -> ReleaseManifest {
        ReleaseManifest(
            cohort: cohort, release: release,
            model: ModelReference(version: version.version, plan: ChunkPlan(of: version.file, chunkBytes: 4096)),
            parent: nil, round: version.round, participants: 1, shadowWindows: 1, releasedAt: now)
    }

    /// Opens a round and ends it with version `number`.
    private func commit(_ number: Int, release: Int? = nil) throws {
        var round = try store.open(proposal()) { _ in entry("round opened") }
        round.phase = .aggregating
        #expect(try store.move(round, from: .collecting, audit: entry("round closed")))
        round.phase = .committed
        let version = version(number, round: round.number)
        #expect(
            try store.commit(
                round, versions: [version], releases: release.map { [manifest(version, release: $0)] } ?? [],
                keptRounds: 1,
                audit: [entry("version made")]))
    }

    @Test("a round goes on wherever the coordinator was killed")
    func resume() throws {
        let opened = try reopened().open(proposal()) { _ in entry("round opened") }
        #expect(opened.number == 1)

        #expect(try reopened().openRounds() == [opened])
        try store.accept(update(1), audit: entry("update accepted"))

        #expect(try reopened().updates(of: 1) == [update(1)])
        #expect(try store.acceptedAgents(of: 1) == [press])
        #expect(try store.lastSequence(of: press) == 3)
        #expect(try store.verdicts(of: press, limit: 4).map(\.accepted) == [true])
        var closed = opened
        closed.phase = .aggregating
        #expect(try store.move(closed, from: .collecting, audit: entry("round closed")))

        #expect(try reopened().openRounds() == [closed])
        #expect(try store.updates(of: 1).first?.body == Data("body".utf8))
        var committed = closed
        committed.phase = .committed
        let version = version(1, round: 1)
        #expect(
            try store.commit(
                committed, versions: [version], releases: [manifest(version, release: 1)], keptRounds: 0,
                audit: [entry("version made"), entry("version released")]))

        #expect(try reopened().openRounds().isEmpty)
        #expect(try store.newest(of: cohort) == version.version)
        #expect(try store.file(of: version.version.digest) == version.file)
        #expect(try store.fileBytes(of: version.version.digest) == version.file.count)
        #expect(try store.releases() == [manifest(version, release: 1)])
        #expect(try store.updates(of: 1).first?.body.isEmpty == true, "weights are not kept longer than needed")
        #expect(
            try store.audit(after: 0, limit: 10).map(\.action) == [
                "cohort formed", "round opened", "update accepted", "round closed", "version made", "version released",
            ])
        #expect(try store.firstBrokenAuditRow() == nil)
    }

    @Test("the weights of the newest committed rounds stay, as many as are asked for; those of older ones go")
    func keptUpdates() throws {
        for number in 1...3 {
            var round = try store.open(proposal()) { _ in entry("round opened") }
            try store.accept(update(number, sequence: Int64(number)), audit: entry("update accepted"))
            round.phase = .aggregating
            #expect(try store.move(round, from: .collecting, audit: entry("round closed")))
            round.phase = .committed
            #expect(
                try store.commit(
                    round, versions: [version(number, round: number)], releases: [], keptRounds: 2,
                    audit: [entry("version made")]))
        }
        let isKept = try (1...3).map { try store.updates(of: $0).first?.body.isEmpty == false }
        #expect(isKept == [false, true, true])
    }

    @Test("a move from where the round no longer stands changes nothing and notes nothing")
    func compareAndSet() throws {
        var round = try store.open(proposal()) { _ in entry("round opened") }
        round.phase = .abandoned
        #expect(try store.move(round, from: .collecting, audit: entry("round abandoned")))
        let rows = try store.audit(after: 0, limit: 10).count

        round.phase = .aggregating
        #expect(try store.move(round, from: .collecting, audit: entry("round closed")) == false)
        round.phase = .committed
        #expect(
            try store.commit(
                round, versions: [version(1, round: 1)], releases: [], keptRounds: 0, audit: [entry("version made")])
                == false)

        #expect(try store.newest(of: cohort) == nil)
        #expect(try store.audit(after: 0, limit: 10).count == rows)
        #expect(try store.lastRound(of: cohort)?.phase == .abandoned)
    }

    @Test("a commit that fails half-way leaves nothing of itself")
    func atomicity() throws {
        try commit(1)
        var round = try store.open(proposal()) { _ in entry("round opened") }
        round.phase = .aggregating
        #expect(try store.move(round, from: .collecting, audit: entry("round closed")))
        let rows = try store.audit(after: 0, limit: 100).count
        round.phase = .committed
        var clash = version(1, round: 2)
        clash.file = Data("another model of the same number".utf8)
        clash.version.digest = LinnetDomain.Digest(of: clash.file)

        #expect(throws: DatabaseError.self) {
            try store.commit(round, versions: [clash], releases: [], keptRounds: 0, audit: [entry("version made")])
        }

        #expect(try reopened().openRounds().map(\.phase) == [.aggregating])
        #expect(try store.file(of: clash.version.digest) == nil)
        #expect(try store.audit(after: 0, limit: 100).count == rows)
    }

    @Test("an update counts once: a second of the same agent is an error, and its sequence is not taken")
    func oneUpdateEach() throws {
        _ = try store.open(proposal()) { _ in entry("round opened") }
        try store.accept(update(1, sequence: 3), audit: entry("update accepted"))

        #expect(throws: DatabaseError.self) {
            try store.accept(update(1, sequence: 4), audit: entry("update accepted"))
        }
        #expect(try store.lastSequence(of: press) == 3)
        #expect(try store.updates(of: 1).count == 1)
    }

    @Test("a model version can not be changed, and a damaged file is noticed when it is read")
    func immutability() throws {
        try commit(1)
        let digest = version(1, round: 1).version.digest
        try store.close()
        let queue = try DatabaseQueue(path: folder.path("coordinator.sqlite"))
        #expect(throws: DatabaseError.self) {
            try queue.write { try $0.execute(sql: "UPDATE model_version SET file = x'00'") }
        }
        try queue.write { try $0.execute(sql: "DROP TRIGGER model_version_is_immutable") }
        try queue.write { try $0.execute(sql: "UPDATE model_version SET file = x'00'") }
        try queue.close()

        store = try SQLiteFleetStore(path: folder.path("coordinator.sqlite"))
        #expect(throws: StoreError.self) { try store.file(of: digest) }
    }

    @Test("old versions go, the released one and the newest stay")
    func versionRetention() throws {
        for number in 1...6 { try commit(number, release: number == 2 ? 1 : nil) }

        #expect(try store.retain(RetentionLimits(events: 10, versions: 3, audit: 1000)) == 2)

        #expect(try store.models(limit: 10).map(\.version.number) == [6, 5, 4, 2])
        #expect(try store.models(limit: 10).map(\.release) == [nil, nil, nil, 1])
        #expect(try store.retain(RetentionLimits(events: 10, versions: 3, audit: 1000)) == 0)
    }

    @Test("the chain of the audit log holds after the oldest rows have gone, and shows one taken from the middle")
    func auditRetention() throws {
        for _ in 1...20 { try store.append(entry("tested")) }

        #expect(try store.retain(RetentionLimits(events: 10, versions: 2, audit: 5)) == 16)
        #expect(try store.firstBrokenAuditRow() == nil)
        try store.append(entry("tested"))
        #expect(try reopened().firstBrokenAuditRow() == nil)

        try store.close()
        let queue = try DatabaseQueue(path: folder.path("coordinator.sqlite"))
        try queue.write { try $0.execute(sql: "DELETE FROM audit WHERE row = 19") }
        try queue.close()
        #expect(try SQLiteFleetStore(path: folder.path("coordinator.sqlite")).firstBrokenAuditRow() == 20)
    }

    @Test("another key of an agent is noted once, and starts its update numbers anew")
    func keys() throws {
        let keys = [SigningKey().verifyingKey, SigningKey().verifyingKey]
        _ = try store.open(proposal()) { _ in entry("round opened") }
        try store.accept(update(1), audit: entry("update accepted"))
        func note(_ key: VerifyingKey) throws {
            try store.note(key: key, of: press, at: now) { entry($0 == .first ? "key first used" : "key changed") }
        }

        for _ in 1...2 { try note(keys[0]) }
        #expect(try store.lastSequence(of: press) == 3)
        for _ in 1...2 { try note(keys[1]) }
        #expect(try reopened().lastSequence(of: press) == 0)

        let actions = try store.audit(after: 0, limit: 100).map(\.action)
        #expect(actions.filter { $0.hasPrefix("key") } == ["key first used", "key changed"])
    }

    @Test("a file of the first schema is brought up to date with what is in it")
    func migration() throws {
        let path = folder.path("old.sqlite")
        let queue = try DatabaseQueue(path: path)
        try Migrations.migrator.migrate(queue, upTo: "1: agents, rounds, versions, events, audit")
        try queue.write {
            try $0.execute(
                sql:
                    "INSERT INTO agent (id, session, isOnline, lastSeen, updateSequence, eventMark) VALUES (?, ?, 1, 5, 8, 9)",
                arguments: ["press", ""])
        }
        try queue.close()

        let migrated = try SQLiteFleetStore(path: path)

        #expect(try migrated.lastSequence(of: press) == 8 && migrated.mark(of: press) == 9)
        try migrated.note(key: SigningKey().verifyingKey, of: press, at: now) { _ in entry("key first used") }
    }

    @Test("rounds, versions and releases of a file without evaluations and lineages are those of the first lineage")
    func oldRounds() throws {
        let path = folder.path("rollouts.sqlite")
        let queue = try DatabaseQueue(path: path)
        try Migrations.migrator.migrate(queue, upTo: "4: rollouts, their agents and evidence, quarantine, aliases")
        let made = version(1, round: 1)
        var round = proposal()
        (round.number, round.phase, round.version) = (1, .committed, made.version)
        // What a round did not say then is left out.
        let body = String(decoding: try Wire.encode(round), as: UTF8.self).replacing(#","wantsScores":false"#, with: "")
        let release = String(decoding: try Wire.encode(manifest(made, release: 1)), as: UTF8.self)
        let (cohort, digest) = (cohort.rawValue, made.version.digest.hex)
        try queue.write { database in
            try database.execute(
                sql: """
                    INSERT INTO cohort VALUES (?, '{}');
                    INSERT INTO round (number, cohort, phase, kind, body) VALUES (1, ?, 'committed', 'statistics', ?);
                    INSERT INTO model_version (digest, cohort, number, round, participants, parameters, createdAt, file)
                        VALUES (?, ?, 1, 1, '["press"]', 7, 5, ?);
                    INSERT INTO release (cohort, number, digest, manifest) VALUES (?, 1, ?, ?);
                    """, arguments: [cohort, cohort, body, digest, cohort, made.file, cohort, digest, release])
        }
        try queue.close()
        let old = try SQLiteFleetStore(path: path)

        #expect(try old.lastRound(of: self.cohort) == round && old.lastMakingRound(of: self.cohort) == round)
        #expect(try old.newest(of: self.cohort) == made.version)
        #expect(try old.lineages(of: self.cohort).isEmpty && old.lineageMembers(of: self.cohort).isEmpty)
        #expect(try old.lineageReleases(of: self.cohort).isEmpty && old.releases().map(\.release) == [1])
        let report = try #require(try old.models(limit: 1).first)
        #expect(report.lineage == 0 && report.evaluation == nil && report.release == 1)
        try old.close()
    }

    @Test("a file of a newer Linnet is refused, and not touched")
    func newerSchema() throws {
        let path = folder.path("newer.sqlite")
        let queue = try DatabaseQueue(path: path)
        var migrator = Migrations.migrator
        migrator.registerMigration("3: of the future") { try $0.execute(sql: "CREATE TABLE future (a)") }
        try migrator.migrate(queue)
        try queue.close()

        do {
            _ = try SQLiteFleetStore(path: path)
            Issue.record("it was opened")
        } catch {
            #expect(
                "\(error)"
                    == "database \(path) was written by a newer version of Linnet; run that one, or restore an older backup"
            )
        }
    }
}
