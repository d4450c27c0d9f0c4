// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFederation
import LinnetMessaging
import LinnetNN

extension FleetCoordinator {
    /// Computes a committed training round's model once more, from what is stored, and compares.
    ///
    /// - Throws: ``RoundVerificationError``, or what the store throws.
    public func verify(round number: Int) throws -> RoundVerification {
        guard let round = try store.round(number) else { throw RoundVerificationError.unknownRound(number) }
        guard round.phase == .committed, round.kind == .training, let version = round.version, round.base != nil
        else {
            throw RoundVerificationError.noModel(number, phase: round.phase, kind: round.kind)
        }
        // The updates of a round are let go all at once, so one of them stands for all.
        guard let first = try store.updateHeaders(of: number).first,
            try store.updateBody(of: number, agent: first.agent) != nil
        else {
            throw RoundVerificationError.gone(number, what: "its updates are")
        }
        guard let file = try store.file(of: version.digest), let artifact = try? ModelArtifact(parsing: file) else {
            throw RoundVerificationError.gone(number, what: "its version is")
        }
        guard let strategy = VersionMaking.strategy(of: artifact) else {
            throw RoundVerificationError.unknownStrategy(number)
        }
        var settings = self.settings
        settings.strategy = strategy
        do {
            let again = try next(
                of: round, from: version.number, by: VersionMaking(settings: settings),
                at: round.endedAt ?? round.deadline)
            let made = round.versions ?? [version]
            guard again.count == made.count, let first = again.first else {
                throw RoundVerificationError.failed(
                    number, reason: "it made \(made.count) versions, and \(again.count) now")
            }
            return RoundVerification(
                round: number, version: version, recomputed: first.version.digest,
                others: zip(made, again).dropFirst().map {
                    RoundVerification.Lineage(version: $0, recomputed: $1.version.digest)
                },
                strategy: strategy.description, participants: again.flatMap(\.participants).sorted())
        } catch let error as VersionMakingError {
            throw RoundVerificationError.failed(number, reason: "\(error)")
        }
    }
}
