// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging
import LinnetNN
import LinnetNumerics

extension FleetCoordinator {
    /// Takes in a model that was trained elsewhere, as a version of a cohort that nobody runs yet.
    ///
    /// It is checked like what agents send: it must be whole, finite, and for the cohort's windows; and as far as the file
    /// says what signals it has learned, they must be the cohort's. Another cohort's version becomes one of this cohort, which
    /// tells where it comes from. It becomes a base for rounds only once a rollout has
    /// made it the whole cohort's.
    ///
    /// - Parameter allowingOtherSignals: takes one whose windows have the right shape, though they are of something else.
    /// - Throws: ``RolloutRequestError``, or what the store throws.
    public func bring(
        _ file: Data, to cohort: CohortID?, allowingOtherSignals: Bool = false, by who: String
    ) throws -> ModelVersion {
        let cohort = try self.cohort(cohort)
        let artifact: ModelArtifact
        do throws(ModelArtifactError) { artifact = try ModelArtifact(parsing: file) } catch {
            throw RolloutRequestError.notAModel("\(error)")
        }
        guard let contract = contracts[cohort] else {
            throw RolloutRequestError.unknownCohort(cohort, known: contracts.keys.sorted())
        }
        guard artifact.scaler.count == contract.channels.count, artifact.windowLength == contract.windowLength else {
            throw RolloutRequestError.notAModel(
                "it reads windows of \(artifact.windowLength) samples of \(artifact.scaler.count) channels; cohort \(cohort) "
                    + "is of \(contract)")
        }
        try check(artifact, fits: contract, of: cohort, allowingOtherSignals)
        var (file, digest) = (file, Digest(of: file))
        if let known = try store.provenance(of: digest), known.cohort != cohort {
            // A version is named by its digest, so it can not be of two cohorts.
            var copy = artifact
            copy.provenance = [
                "cohort": cohort.rawValue, "source": digest.hex, "sourceCohort": known.cohort.rawValue,
            ]
            file = copy.encoded()
            digest = Digest(of: file)
        }
        if let known = try store.provenance(of: digest) { return known.version }
        let version = ModelVersion(number: try store.lastNumber(of: cohort) + 1, digest: digest)
        let record = VersionRecord(
            cohort: cohort, version: version, parent: nil, round: 0, participants: [], origin: who, file: file,
            parameters: artifact.parameters.count, lossBefore: nil, lossAfter: nil, createdAt: clock.now())
        let audit = entry("version brought in", "version \(version)", "cohort \(cohort), \(file.count) bytes", by: who)
        guard try store.bring(record, audit: audit) else { throw RolloutRequestError.changedMeanwhile }
        return version
    }

    /// Holds the signals that a file says it has learned against a cohort's.
    private func check(
        _ artifact: ModelArtifact, fits contract: SignalContract, of cohort: CohortID, _ allowingOtherSignals: Bool
    ) throws(RolloutRequestError) {
        let own = artifact.provenance["cohort"].flatMap(CohortID.init(rawValue:))
        let source =
            artifact.provenance[SignalContract.provenanceKey].flatMap(SignalContract.init(provenanceText:))
            ?? own.flatMap { contracts[$0] }
        guard let source else {
            // A cohort's name is the digest of its contract. A file of another hand need not say anything.
            guard let own, own != cohort, !allowingOtherSignals else { return }
            throw .otherCohort(own, cohort: cohort, expected: contract)
        }
        switch ModelTransfer.verdict(from: source, to: contract) {
        case .allowed: return
        case .doubtful where allowingOtherSignals: return
        case .doubtful(let reason), .refused(let reason):
            throw .otherSignals(reason, found: source, cohort: cohort, expected: contract)
        }
    }

    /// A version's file, by number, alias or the beginning of its digest.
    ///
    /// - Throws: ``RolloutRequestError``, or what the store throws.
    public func file(of name: String, cohort: CohortID?) throws -> Data {
        let cohort = try self.cohort(cohort)
        guard let file = try store.file(of: try version(name, of: cohort).version.digest) else {
            throw RolloutRequestError.version(name, cohort: cohort, found: 0)
        }
        return file
    }

    /// Lets a name mean a version.
    ///
    /// - Throws: ``RolloutRequestError``, or what the store throws.
    public func name(_ alias: String, cohort: CohortID?, version name: String, by who: String) throws {
        let cohort = try self.cohort(cohort)
        guard AgentID(rawValue: alias) != nil, alias.first?.isLetter == true, !alias.allSatisfy(\.isHexDigit) else {
            throw RolloutRequestError.alias(alias)
        }
        let version = try version(name, of: cohort).version
        try store.name(
            alias, cohort: cohort, version: version,
            audit: entry("alias moved", "alias \(alias) of cohort \(cohort)", "now version \(version)", by: who))
    }

    func cohort(_ asked: CohortID?) throws -> CohortID {
        guard let cohort = asked ?? (contracts.count == 1 ? contracts.keys.first : nil), contracts[cohort] != nil else {
            throw RolloutRequestError.unknownCohort(asked, known: contracts.keys.sorted())
        }
        return cohort
    }

    func version(_ name: String, of cohort: CohortID) throws -> VersionProvenance {
        let found = try store.versions(of: cohort, named: name)
        guard found.count == 1 else { throw RolloutRequestError.version(name, cohort: cohort, found: found.count) }
        return found[0]
    }
}
