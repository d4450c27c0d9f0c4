// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFederation
import LinnetFleet
import LinnetMessaging
import LinnetStore

/// Versions whose files nobody reads, for tests of what is done with them.
extension SQLiteFleetStore {
    static let versionsMadeAt = Timestamp(milliseconds: 1_767_225_600_000)

    static func version(_ number: Int) -> ModelVersion {
        ModelVersion(number: number, digest: Digest(of: Data("model \(number)".utf8)))
    }

    static func manifest(_ number: Int, of cohort: CohortID, release: Int) -> ReleaseManifest {
        ReleaseManifest(
            cohort: cohort, release: release,
            model: ModelReference(
                version: version(number), plan: ChunkPlan(of: Data("model \(number)".utf8), chunkBytes: 4096)),
            parent: nil, round: number, participants: 1, shadowWindows: 1, releasedAt: versionsMadeAt)
    }

    static func note(_ action: String) -> AuditEntry {
        AuditEntry(row: 0, at: versionsMadeAt, actor: "ann", action: action, subject: "x", reason: "because")
    }

    func form(_ cohort: CohortID, _ contract: SignalContract) throws {
        _ = try addCohort(cohort, contract: contract, audit: Self.note("cohort formed"))
    }

    /// Commits a round of one agent that has made a version.
    ///
    /// - Parameter release: its number, where the version is released to the whole cohort.
    func make(_ number: Int, of cohort: CohortID, release: Int? = nil) throws {
        let (now, press) = (Self.versionsMadeAt, AgentID(checked: "press"))
        var round = try open(
            Round(
                number: 0, cohort: cohort, kind: .statistics, base: nil, settings: ClientSettings(),
                participants: [press], goal: 1, quorum: 1, minimumWindows: 1, openedAt: now, deadline: now)
        ) { _ in Self.note("round opened") }
        round.phase = .aggregating
        _ = try move(round, from: .collecting, audit: Self.note("round closed"))
        round.phase = .committed
        let record = VersionRecord(
            cohort: cohort, version: Self.version(number), parent: number > 1 ? Self.version(number - 1).digest : nil,
            round: round.number, participants: [press], file: Data("model \(number)".utf8), parameters: 7,
            lossBefore: nil, lossAfter: nil, createdAt: now)
        _ = try commit(
            round, versions: [record],
            releases: release.map { [Self.manifest(number, of: cohort, release: $0)] } ?? [],
            keptRounds: 1, audit: [Self.note("version made")])
    }
}
