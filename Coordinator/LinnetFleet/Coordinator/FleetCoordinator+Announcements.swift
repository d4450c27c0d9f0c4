// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging
import Logging

extension FleetCoordinator {
    /// Says everything again that may have been lost with the broker: the store is the truth, the broker forgets.
    func announceEverything() {
        attempt("announce rounds and releases") {
            for cohort in self.contracts.keys.sorted() {
                if let round = try self.store.lastRound(of: cohort) { self.announce(round) }
            }
        }
        announceReleases()
        unacknowledged.formUnion(agents.keys)
    }

    /// Says what cohorts, agents of a rollout and lineages are to run.
    func announceReleases() {
        for release in releases.values.sorted(by: { $0.cohort < $1.cohort }) { announce(release) }
        announceOrders()
        attempt("announce what lineages run") {
            for cohort in self.contracts.keys.sorted() { try self.orderLineages(of: cohort) }
        }
    }

    /// Says that a round is open, or over, and when to come back.
    func announce(_ round: Round) {
        attempt("announce round \(round.number)") {
            // An evaluation does not move the next training round.
            let making = round.kind == .evaluation ? try self.store.lastMakingRound(of: round.cohort) : round
            let nextAt = making.map { self.settings.rounds.nextAt(after: $0) }
            self.announce(round.offer(nextAt: nextAt), on: .round(round.cohort))
        }
    }

    func announce(_ manifest: ReleaseManifest) { announce(dated(manifest), on: .release(manifest.cohort)) }

    func announce(_ payload: some SignedPayload, on topic: Topic) {
        do {
            let bytes = try SignedEnvelope(sealing: payload, with: key).encoded()
            send(Message(topic: topics.text(topic), payload: bytes, isRetained: true))
        } catch {
            logger.error("announcement not signed", metadata: ["topic": "\(topic)", "reason": "\(error)"])
        }
    }

    // MARK: - Acknowledgements

    func acknowledgeStored() {
        guard isConnected else { return }
        for agent in unacknowledged.sorted() { acknowledge(agent) }
        unacknowledged = []
    }

    /// Tells an agent what is safely stored, and what became of its last updates.
    func acknowledge(_ agent: AgentID, receipts: [UpdateReceipt] = []) {
        attempt("acknowledge") {
            let known = try self.store.verdicts(of: agent, limit: 4).map(\.receipt)
            let acknowledgement = Acknowledgement(
                through: try self.store.mark(of: agent), echo: self.agents[agent]?.state?.echo,
                receipts: known.filter { !receipts.contains($0) } + receipts, at: self.clock.now())
            self.send(
                Message(
                    topic: self.topics.text(.acknowledgement(agent)), payload: try Wire.encode(acknowledgement),
                    expirySeconds: 3600))
        }
    }

    // MARK: - Model files

    /// Sends every chunk of a model once, for all who listen; who comes later asks for it.
    func broadcastModel(_ model: ModelReference) { broadcast(model.plan) }

    /// The same for any file.
    func broadcast(_ plan: ChunkPlan) {
        guard broadcasted.insert(plan.digest).inserted else { return }
        share(plan.digest, Array(0..<plan.count))
    }
}
