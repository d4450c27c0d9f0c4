// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetMessaging

extension FleetCoordinator {
    /// The whole fleet at a glance.
    public func report() throws -> FleetReport {
        let reports = try agentReports()
        let counts = try store.roundCounts()
        let events = try store.eventCounts()
        let open = try store.openRounds()
        let cohorts = contracts.keys.sorted().map { cohort in
            cohortReport(
                cohort, agents: reports.filter { $0.cohort == cohort }, counts: counts[cohort] ?? RoundCounts(),
                open: open.first { $0.cohort == cohort })
        }
        return FleetReport(
            software: Software.version, fleet: settings.name, startedAt: startedAt, at: clock.now(),
            brokerConnected: isConnected, agents: reports.count, agentsOnline: reports.count(where: \.online),
            agentsOnVersion: reports.count(where: \.onNewest), cohorts: cohorts,
            roundsCommitted: counts.values.reduce(0) { $0 + $1.committed },
            roundsAbandoned: counts.values.reduce(0) { $0 + $1.abandoned }, eventsStored: events.stored,
            activeAlarms: events.firing, updatesRefused: try store.refusedUpdates())
    }

    private func cohortReport(_ cohort: CohortID, agents: [AgentReport], counts: RoundCounts, open: Round?)
        -> CohortReport
    {
        CohortReport(
            id: cohort, channels: contracts[cohort]?.channels.map(\.name) ?? [], agents: agents.count,
            online: agents.count(where: \.online), released: releases[cohort]?.model.version,
            release: releases[cohort]?.release ?? 0, agentsOnVersion: agents.count(where: \.onNewest),
            openRound: open?.number, roundsCommitted: counts.committed, roundsAbandoned: counts.abandoned,
            firstLoss: counts.firstLoss, lastLoss: counts.lastLoss, blocker: open == nil ? blockers[cohort] : nil)
    }

    /// Every agent that has reported its state.
    public func agentReports() throws -> [AgentReport] {
        let now = clock.now()
        var members: [CohortID: [AgentID: Int]] = [:]
        for cohort in contracts.keys {
            guard try !store.lineages(of: cohort).isEmpty else { continue }
            members[cohort] = try store.lineageMembers(of: cohort)
        }
        return agents.values.sorted { $0.id < $1.id }.compactMap { record in
            guard let state = record.state else { return nil }
            return AgentReport(
                id: record.id, online: settings.rounds.isOnline(record, now: now), lastSeen: record.lastSeen,
                cohort: state.cohort, lineage: members[state.cohort]?[record.id],
                active: state.active, previous: state.previous, candidate: state.candidate, release: state.release,
                onNewest: state.active != nil
                    && state.active == ordered[record.id] ?? releases[state.cohort]?.model.version,
                devices: state.devices, trainingWindows: state.trainingWindows, outboxDepth: state.outboxDepth,
                outboxDropped: state.outboxDropped, residentBytes: state.residentBytes, sitsOut: state.sitsOut,
                refused: state.refused, software: state.software)
        }
    }
}
