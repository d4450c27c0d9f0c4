// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFleet
import LinnetMessaging

/// All that the coordinator's API says of a demonstration's fleet at one moment.
struct FleetSnapshot: Sendable {
    var status: FleetReport
    var agents: [AgentReport]
    /// The newest, newest first.
    var rounds: [RoundReport]
    /// Every event so far, in its newest revision, in order of their start.
    var events: [AnomalyEvent]

    /// The cohort of the first agent: all machines but this host, which has other channels.
    func cohort(of agent: AgentID) -> CohortReport? {
        guard let id = agents.first(where: { $0.id == agent })?.cohort else { return nil }
        return status.cohorts.first { $0.id == id }
    }

    /// Committed training rounds of a cohort, oldest first.
    func committed(in cohort: CohortID) -> [RoundReport] {
        rounds.filter { $0.cohort == cohort && $0.kind == .training && $0.phase == "committed" }
            .sorted { $0.round < $1.round }
    }

    /// Whether every agent is there, runs its cohort's newest release, and has handed over all events.
    func isSettled(agents expected: Int) -> Bool {
        agents.count == expected && agents.allSatisfy { $0.online && $0.onNewest && $0.outboxDepth == 0 }
    }
}
