// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFleet
import LinnetMessaging
import LinnetStore
import LinnetTestKit
import Testing

/// The file is closed and opened again before every step, as after a kill: whatever a step needs must be in it.
@Suite("Rollouts in the file")
final class RolloutStoreTests {
    private let folder: TemporaryDirectory
    private var store: SQLiteFleetStore
    private let now = Timestamp(milliseconds: 1_767_225_600_000)
    private let press = AgentID(checked: "press")
    private let contract = SignalContract(
        channels: [Channel(name: "flow")], intervalMilliseconds: 1000, windowLength: 8)
    private var cohort: CohortID { CohortID(of: contract) }

    init() throws {
        folder = try TemporaryDirectory()
        store = try SQLiteFleetStore(path: folder.path("coordinator.sqlite"))
        try store.form(cohort, contract)
        for number in 1...3 { try store.make(number, of: cohort, release: number == 2 ? 1 : nil) }
    }

    private func reopened() throws -> SQLiteFleetStore {
        try store.close()
        store = try SQLiteFleetStore(path: folder.path("coordinator.sqlite"))
        return store
    }

    private func entry(_ action: String) -> AuditEntry { SQLiteFleetStore.note(action) }
    private func version(_ number: Int) -> ModelVersion { SQLiteFleetStore.version(number) }
    private func manifest(_ number: Int, release: Int) -> ReleaseManifest {
        SQLiteFleetStore.manifest(number, of: cohort, release: release)
    }

    private func draft() -> Rollout {
        Rollout(cohort: cohort, plan: .standard, manifest: manifest(3, release: 0), createdBy: "ann", createdAt: now)
    }

    @Test("a rollout goes on wherever the coordinator was killed: each step is in the file, or nothing of it is")
    func resume() throws {
        var rollout = try store.add(draft()) { _ in entry("rollout planned") }
        #expect(rollout.number == 1)
        #expect(try reopened().rollout(1) == rollout)
        #expect(try store.startedRollouts().isEmpty && store.lastRollout(of: cohort) == nil)

        rollout.phase = .running
        rollout.revision = 1
        rollout.manifest.release = 2
        rollout.previous = manifest(2, release: 1)
        var target = RolloutTarget(agent: press, stage: 0, at: now)
        target.state = .assigned
        #expect(
            try store.save(
                RolloutChange(
                    rollout: rollout, from: 0, targets: [target], releases: [(rollout.manifest, false)],
                    audit: [entry("rollout begun")])))

        #expect(try reopened().startedRollouts() == [rollout])
        #expect(try store.targets(of: 1) == [target])
        #expect(try store.nextRelease(of: cohort) == 3, "a number that some agents have seen is taken")
        #expect(try store.releases().map(\.release) == [1], "the cohort's release is still the old one")
        target.state = .refused
        target.reason = "shadow: it alarms"
        target.evidence = ["shadow.windows": 10]
        rollout.revision = 2
        #expect(try store.save(RolloutChange(rollout: rollout, from: 1, targets: [target])))

        #expect(try reopened().evidence(of: 1, limit: 10).map(\.state) == [.assigned, .refused])
        #expect(try store.evidence(of: 1, limit: 10).last?.evidence == ["shadow.windows": 10])
        rollout.phase = .rolledBack
        rollout.revision = 3
        var back = manifest(2, release: 3)
        back.reverts = version(3).digest
        #expect(
            try store.save(
                RolloutChange(
                    rollout: rollout, from: 2, releases: [(back, true)], quarantine: (version(3), "it alarms"),
                    audit: [entry("rollout rolled back"), entry("version quarantined")])))

        #expect(try reopened().startedRollouts().isEmpty)
        #expect(try store.releases() == [back])
        #expect(try store.lastRollout(of: cohort) == rollout)
        #expect(try store.newest(of: cohort) == version(2), "a version in quarantine is no base for rounds")
        #expect(try store.lastNumber(of: cohort) == 3, "and its number is taken")
        #expect(try store.provenance(of: version(3).digest)?.quarantine == "it alarms")
        #expect(try store.models(limit: 10).first { $0.version == version(3) }?.quarantine == "it alarms")
        #expect(try store.firstBrokenAuditRow() == nil)
        #expect(
            try store.audit(after: 0, limit: 100).suffix(4).map(\.action) == [
                "rollout planned", "rollout begun", "rollout rolled back", "version quarantined",
            ])
    }

    @Test("a change made from a revision that no longer stands changes nothing and notes nothing")
    func compareAndSet() throws {
        var rollout = try store.add(draft()) { _ in entry("rollout planned") }
        rollout.phase = .scheduled
        rollout.revision = 1
        #expect(try store.save(RolloutChange(rollout: rollout, from: 0, audit: [entry("rollout started")])))
        let rows = try store.audit(after: 0, limit: 100).count

        rollout.phase = .rolledBack
        let stale = RolloutChange(
            rollout: rollout, from: 0, targets: [RolloutTarget(agent: press, stage: 0, at: now)],
            releases: [(manifest(3, release: 9), true)], quarantine: (version(3), "x"), audit: [entry("late")])
        #expect(try !store.save(stale))

        #expect(try store.rollout(1)?.phase == .scheduled && store.targets(of: 1).isEmpty)
        #expect(try store.nextRelease(of: cohort) == 2 && store.provenance(of: version(3).digest)?.quarantine == nil)
        #expect(try store.audit(after: 0, limit: 100).count == rows)
    }

    @Test("success turns the release of some into the cohort's, under the same number")
    func releaseToAll() throws {
        var rollout = try store.add(draft()) { _ in entry("rollout planned") }
        rollout.manifest.release = 2
        for (revision, isForAll) in [(1, false), (2, true)] {
            rollout.revision = revision
            #expect(
                try store.save(
                    RolloutChange(rollout: rollout, from: revision - 1, releases: [(rollout.manifest, isForAll)])))
            #expect(try store.releases().map(\.release) == [isForAll ? 2 : 1])
        }
        rollout.revision = 3
        let foreign = RolloutChange(rollout: rollout, from: 2, releases: [(manifest(1, release: 2), true)])
        #expect(throws: StoreError.self) { try store.save(foreign) }
        #expect(
            try store.rollout(1)?.revision == 2, "a number can not be another version's, and nothing of the step stays")
    }

    @Test("versions are found by number, alias and the beginning of a digest")
    func names() throws {
        try store.name("champion", cohort: cohort, version: version(2), audit: entry("alias moved"))
        for name in ["2", "champion", String(version(2).digest.hex.prefix(8)), version(2).digest.hex.uppercased()] {
            #expect(try store.versions(of: cohort, named: name).map(\.version) == [version(2)], "\(name)")
        }
        for name in ["9", "lab", "zzzzzzzz", String(version(2).digest.hex.prefix(7)), "", "%", "-1"] {
            #expect(try store.versions(of: cohort, named: name).isEmpty, "\(name)")
        }
        try store.name("champion", cohort: cohort, version: version(3), audit: entry("alias moved"))
        #expect(try store.models(limit: 10).first { $0.version == version(3) }?.aliases == ["candidate", "champion"])
    }

    @Test("champion and candidate follow what happens: made, rolled out, released to all, taken back")
    func standingAliases() throws {
        func names() throws -> [String: Int] {
            let pairs = try store.models(limit: 10).flatMap { model in model.aliases.map { ($0, model.version.number) }
            }
            return Dictionary(uniqueKeysWithValues: pairs)
        }
        #expect(try names() == ["champion": 2, "candidate": 3])
        var rollout = try store.add(draft()) { _ in entry("rollout planned") }
        func save(_ releases: [(ReleaseManifest, Bool)], quarantine: ModelVersion? = nil) throws {
            rollout.revision += 1
            let change = RolloutChange(
                rollout: rollout, from: rollout.revision - 1,
                releases: releases.map { (manifest: $0.0, isForAll: $0.1) },
                quarantine: quarantine.map { (version: $0, why: "it alarms") })
            #expect(try store.save(change))
        }
        try store.make(4, of: cohort)
        #expect(try names() == ["champion": 2, "candidate": 4])
        try save([(manifest(3, release: 2), false)])
        #expect(try names() == ["champion": 2, "candidate": 3], "what is rolled out comes before what is newer")
        try save([(manifest(3, release: 2), true)])
        #expect(try names() == ["champion": 3, "candidate": 4])
        try save([(manifest(4, release: 3), true)])
        #expect(try names() == ["champion": 4], "nothing is newer")
        try save([(manifest(3, release: 4), true)], quarantine: version(4))
        #expect(try names() == ["champion": 3], "a version in quarantine is no candidate")
        try store.make(5, of: cohort)
        #expect(try names() == ["champion": 3, "candidate": 5])
    }

    @Test("what a rollout stands on, or is named, outlives the limit on versions")
    func retention() throws {
        var rollout = try store.add(draft()) { _ in entry("rollout planned") }
        rollout.phase = .running
        rollout.revision = 1
        rollout.previous = manifest(2, release: 1)
        _ = try store.save(RolloutChange(rollout: rollout, from: 0))
        for number in 4...7 { try store.make(number, of: cohort) }
        try store.name("lab", cohort: cohort, version: version(4), audit: entry("alias moved"))

        _ = try store.retain(RetentionLimits(versions: 2))

        #expect(try store.models(limit: 20).map(\.version.number).sorted() == [2, 3, 4, 6, 7])
    }
}
