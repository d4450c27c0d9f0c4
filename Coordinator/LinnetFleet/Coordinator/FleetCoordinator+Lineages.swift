// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFederation
import LinnetMessaging

/// Cohorts whose machines differ in character have several lineages: who belongs to which, and what it runs.
extension FleetCoordinator {
    /// The updates of a round by the lineage that they become the next version of.
    ///
    /// - Throws: ``VersionMakingError``, or what the store throws.
    func groups(of round: Round, base: ModelVersion) throws -> [LineageGroup] {
        let updates = StoredUpdates(try store.updateHeaders(of: round.number), of: round.number, base: base, in: store)
        let groups: [LineageGroup]
        do throws(AggregationError) { groups = try LineageGroup.groups(of: round, updates) } catch {
            throw updates.storeFailure ?? VersionMakingError.aggregation(error)
        }
        guard !groups.isEmpty else {
            throw VersionMakingError.noLineage(quorum: round.clusters?.quorum ?? round.quorum)
        }
        return groups
    }

    /// The newest versions of a cohort's lineages from number 1 on, as they can be asked for.
    func otherLineages(of cohort: CohortID) throws -> [ModelReference] {
        guard settings.rounds.clusters > 1 else { return [] }
        return try store.lineages(of: cohort).prefix(settings.rounds.clusters - 1).compactMap(reference)
    }

    /// Agents that can not say how good the first lineage's newest version is: those of other lineages.
    func foreigners(in cohort: CohortID) throws -> Set<AgentID> {
        guard settings.rounds.clusters > 1 else { return [] }
        return Set(try store.lineageMembers(of: cohort).filter { $0.value > 0 }.keys)
    }

    /// Tells every agent that has found its lineage which version that is at.
    ///
    /// Whoever has not takes the cohort's release, which is of the first lineage. While a rollout is under way its orders
    /// stand.
    func orderLineages(of cohort: CohortID) throws {
        guard settings.rounds.clusters > 1,
            !rollouts.values.contains(where: { $0.rollout.cohort == cohort && $0.rollout.phase.isOpen })
        else { return }
        let manifests = try store.lineageReleases(of: cohort)
        for (agent, lineage) in try store.lineageMembers(of: cohort).sorted(by: { $0.key < $1.key }) {
            guard let manifest = manifests[lineage] else { continue }
            ordered[agent] = manifest.model.version
            announce(DesiredVersion(agent: agent, rollout: 0, manifest: dated(manifest)), on: .desired(agent))
        }
    }
}
