// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFederation
import LinnetMessaging

/// What is different where the strategy works on a buffer (FedBuff): a round is then the filling of one, and takes updates
/// of earlier rounds too.
extension FleetCoordinator {
    /// A round that closes as soon as the buffer is full, while more agents are asked than it holds.
    func asBuffer(_ round: Round) -> Round {
        guard let buffer = settings.strategy.buffer, round.kind == .training else { return round }
        var round = round
        round.goal = min(round.goal, buffer.bufferSize)
        round.quorum = min(round.quorum, round.goal)
        round.settings.acceptsLateUpdates = true
        return round
    }

    /// The versions that a late update for an open round may have started from; empty where none is taken.
    func lateBases(of round: Round) throws -> [ModelVersion] {
        guard let buffer = settings.strategy.buffer, let base = round.base?.version else { return [] }
        return try store.versions(of: round.cohort, from: base.number - buffer.maximumStaleness)
            .filter { $0.number <= base.number }
    }

    /// Whether an update of a closed round has come between two buffers: it is not judged, and its agent sends it again.
    func waitsForBuffer(_ header: UpdateHeader) throws -> Bool {
        guard settings.strategy.buffer != nil, header.kind == .training,
            let last = try store.lastRound(of: header.cohort), header.round <= last.number
        else { return false }
        return last.phase != .collecting
    }

    /// The first round whose half-received updates are kept though it is over.
    func firstLateRound(before open: Int) -> Int {
        settings.strategy.buffer.map { open - $0.maximumStaleness } ?? .max
    }

    /// The files of older versions that updates started from, by how many versions ago that was.
    func origins(of headers: [UpdateHeader], base: ModelVersion) throws -> [Int: Data] {
        var origins: [Int: Data] = [:]
        for version in headers.compactMap(\.base) where version != base && origins[base.number - version.number] == nil
        {
            origins[base.number - version.number] = try store.file(of: version.digest)
        }
        return origins
    }
}
