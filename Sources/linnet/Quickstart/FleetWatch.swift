// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFleet

/// Asks the API again and again, and keeps the events that it has heard of.
struct FleetWatch {
    let api: CoordinatorAPI
    private var events: [ULID: AnomalyEvent] = [:]
    private var next: Int64 = 0

    private static let mostRounds = 1000
    private static let page = 500

    init(api: CoordinatorAPI) { self.api = api }

    /// - Throws: unavailable while the coordinator starts or restarts.
    mutating func snapshot() throws(CommandFailure) -> FleetSnapshot {
        let status = try api.report(FleetReport.self, "/api/v1/status")
        let agents = try api.report(AgentsPage.self, "/api/v1/agents").agents
        let rounds = try api.report(RoundsPage.self, "/api/v1/rounds", [("limit", "\(Self.mostRounds)")]).rounds
        try readEvents()
        let ordered = events.values.sorted { ($0.startedAt, $0.id) < ($1.startedAt, $1.id) }
        return FleetSnapshot(status: status, agents: agents, rounds: rounds, events: ordered)
    }

    private mutating func readEvents() throws(CommandFailure) {
        while true {
            let page = try api.report(
                EventsPage.self, "/api/v1/anomalies", [("after", "\(next)"), ("limit", "\(Self.page)")])
            for report in page.anomalies where (events[report.event.id]?.revision ?? 0) < report.event.revision {
                events[report.event.id] = report.event
            }
            guard page.next > next, !page.anomalies.isEmpty else { return }
            next = page.next
        }
    }
}
