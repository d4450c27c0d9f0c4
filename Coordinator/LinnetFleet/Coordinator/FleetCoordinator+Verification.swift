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
        guard round.phase == .committed, let version = round.version, let base = round.base else {
            throw RoundVerificationError.noModel(number, phase: round.phase, kind: round.kind)
        }
        let updates = try store.updates(of: number)
        guard !updates.isEmpty, updates.allSatisfy({ !$0.body.isEmpty }) else {
            throw RoundVerificationError.gone(number, what: "its updates are")
        }
        guard let file = try store.file(of: version.digest), let artifact = try? ModelArtifact(parsing: file) else {
            throw RoundVerificationError.gone(number, what: "its version is")
        }
        guard let strategy = VersionMaking.strategy(of: artifact) else {
            throw RoundVerificationError.unknownStrategy(number)
        }
        let baseFile = try store.file(of: base.version.digest)
        let state = try store.serverState(of: base.version.digest)
        var settings = self.settings
        settings.strategy = strategy
        do throws(VersionMakingError) {
            let again = try VersionMaking(settings: settings).next(
                of: round, base: base, baseFile: baseFile, state: state, updates: updates,
                at: round.endedAt ?? round.deadline)
            return RoundVerification(
                round: number, version: version, recomputed: again.version.digest,
                strategy: strategy.description, participants: again.participants)
        } catch {
            throw RoundVerificationError.failed(number, reason: "\(error)")
        }
    }
}
