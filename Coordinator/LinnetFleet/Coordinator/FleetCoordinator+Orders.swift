// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging

extension FleetCoordinator {
    /// Says all orders of rollouts again, and takes those away that are over.
    func announceOrders() {
        attempt("announce orders") {
            for cohort in self.contracts.keys.sorted() {
                guard let last = try self.store.lastRollout(of: cohort) else { continue }
                let targets = try self.store.targets(of: last.number)
                // What was meant for some only stays an order: the cohort's release says another version.
                let stands = last.phase.isOpen || last.phase == .succeeded && !last.plan.filter.isEveryone
                guard stands else {
                    self.withdrawOrders(of: targets)
                    continue
                }
                for target in targets where target.state != .waiting { self.order(last, to: target) }
            }
        }
    }

    /// Tells one agent to run a rollout's version.
    func order(_ rollout: Rollout, to target: RolloutTarget) {
        let order = DesiredVersion(
            agent: target.agent, rollout: rollout.number, manifest: dated(rollout.manifest(for: target)))
        announce(order, on: .desired(target.agent))
    }

    /// Takes orders away: an empty retained message clears a topic.
    func withdrawOrders(of targets: some Sequence<RolloutTarget>) {
        for target in targets.sorted(by: { $0.agent < $1.agent }) where target.state != .waiting {
            send(topics.message(.desired(target.agent), payload: Data()))
        }
    }
}
