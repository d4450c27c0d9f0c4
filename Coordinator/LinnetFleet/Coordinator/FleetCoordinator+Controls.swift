// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFederation
import LinnetMessaging
import LinnetNN
import LinnetNumerics

/// The fleet's control variate (SCAFFOLD): it is stored with each version, and goes out with the offer to train from it.
extension FleetCoordinator {
    /// A round as it is to be opened: with the control variate that was stored with its base.
    func withControl(_ proposal: Round) throws -> Round {
        guard proposal.settings.controlVariates, let base = proposal.base,
            let file = try controlFile(ofBase: base.version.digest)
        else { return proposal }
        var round = proposal
        round.control = ChunkPlan(of: file, chunkBytes: settings.chunkBytes)
        return round
    }

    /// The control variate that an open round asks its participants to get, by the digest of its file.
    func controlFile(_ digest: Digest) throws -> Data? {
        guard let round = try store.openRounds().first(where: { $0.control?.digest == digest }), let base = round.base
        else { return nil }
        return try controlFile(ofBase: base.version.digest)
    }

    /// The file of the control variate that was stored with a version: always the same bytes; `nil` while it is zero.
    private func controlFile(ofBase digest: Digest) throws -> Data? {
        guard let bytes = try store.serverState(of: digest), let file = try store.file(of: digest),
            // What can not be read is told when a version is to be made from it.
            let model = try? ModelArtifact(parsing: file), let state = try? ServerState(bytes: [UInt8](bytes)),
            let values = ControlVariate.fleet(in: state.optimizer, count: model.parameters.count),
            let control = try? ControlVariate(values)
        else { return nil }
        return SafetensorsFile(tensors: [control.tensor], metadata: ["format": ControlVariate.format]).encoded()
    }
}
