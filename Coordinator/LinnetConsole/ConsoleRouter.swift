// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import Hummingbird
import LinnetDomain
import LinnetFleet
import LinnetMessaging

/// The coordinator's HTTP API: JSON about the fleet, and the page that draws it. It listens on loopback, asks nobody who they are that only reads, and
/// whoever changes something for an operator's token; see ``Operators``.
///
///     GET /                                             the web console
///     GET /health                                       ok
///     GET /metrics                                      counters as Prometheus text
///     GET /api/v1/status | agents                       the fleet, every agent
///     GET /api/v1/rounds | models ?limit=100            newest first
///     GET /api/v1/rounds/7/verification                 round 7's model, computed once more
///     GET /api/v1/anomalies ?after=0&limit=100&agent=&device=       or ?order=newest&before=: newest first
///     GET /api/v1/audit ?after=0&limit=100                          likewise
///     GET /api/v1/rollouts ?limit=100 | rollouts/7      how far each is; its agents, and what each gate rests on
///     GET /api/v1/rollouts/7/history ?limit=100         every change of every agent, with what it had measured
///     GET /api/v1/rollout-plan                          the standing plan
///     POST /api/v1/rollouts                             plans one: a ``RolloutRequest``
///     POST /api/v1/rollouts/7/start | approve | pause | resume | rollback       with a ``RolloutWish``
///     GET /api/v1/models/7/file ?cohort=                a version's safetensors file
///     POST /api/v1/models ?cohort=                      brings one in
///     PUT /api/v1/aliases/champion                      lets a name mean a version: an ``AliasRequest``
public struct ConsoleRouter: Sendable {
    let coordinator: FleetCoordinator
    let store: any FleetStore
    let operators: Operators
    private let isExposed: Bool

    /// Most rows of one answer.
    static let maximumLimit = 1000

    /// - Parameter isExposed: whether other machines may ask too, so that this one may be called by any name.
    public init(
        coordinator: FleetCoordinator, store: any FleetStore, operators: Operators, isExposed: Bool = false
    ) {
        self.operators = operators
        self.isExposed = isExposed
        self.coordinator = coordinator
        self.store = store
    }

    /// The routes, for a server or for a test without one.
    public func router() -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self)
        router.add(middleware: JSONErrors())
        if !isExposed { router.add(middleware: LoopbackHost()) }
        ConsolePage.add(to: router)
        router.get("/health") { _, _ in "ok\n" }
        router.get("/metrics") { _, _ in try await self.metrics() }
        let api = router.group("/api/v1")
        api.get("status") { _, _ in try Self.json(await self.coordinator.report()) }
        api.get("agents") { _, _ in try Self.json(AgentsPage(agents: await self.coordinator.agentReports())) }
        api.get("rounds") { request, _ in
            let query = try ConsoleQuery(request, allowed: ["limit"])
            return try Self.json(RoundsPage(rounds: self.store.rounds(limit: query.limit())))
        }
        api.get("rounds/:round/verification") { _, context in
            try await self.verification(of: try context.parameters.require("round", as: Int.self))
        }
        api.get("models") { request, _ in
            let query = try ConsoleQuery(request, allowed: ["limit"])
            return try Self.json(ModelsPage(models: self.store.models(limit: query.limit())))
        }
        api.get("anomalies") { request, _ in
            let query = try ConsoleQuery(request, allowed: ["after", "before", "order", "limit", "agent", "device"])
            return try Self.json(try self.events(query))
        }
        api.get("audit") { request, _ in
            let query = try ConsoleQuery(request, allowed: ["after", "before", "order", "limit"])
            switch try query.rows() {
            case .after(let row):
                return try Self.json(AuditPage(audit: self.store.audit(after: row, limit: query.limit())))
            case .before(let row):
                return try Self.json(AuditPage(audit: self.store.newestAudit(before: row, limit: query.limit())))
            }
        }
        addRollouts(to: api)
        return router
    }

    private func events(_ query: ConsoleQuery) throws -> EventsPage {
        let limit = try query.limit()
        let agent: AgentID? = try query.identifier("agent")
        let device: DeviceID? = try query.identifier("device")
        switch try query.rows() {
        case .after(let row):
            let events = try store.events(after: row, limit: limit, agent: agent, device: device)
            return EventsPage(anomalies: events, next: events.last?.row ?? row)
        case .before(let row):
            let events = try store.newestEvents(before: row, limit: limit, agent: agent, device: device)
            return EventsPage(anomalies: events, next: events.last?.row ?? row)
        }
    }

    private func verification(of round: Int) async throws -> Response {
        do {
            return try Self.json(try await coordinator.verify(round: round))
        } catch let error as RoundVerificationError {
            // The request is fine; what is stored does not allow an answer.
            throw HTTPError(.conflict, message: error.description)
        }
    }

    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        var headers = HTTPFields()
        headers[.contentType] = "application/json; charset=utf-8"
        headers[.cacheControl] = "no-store"
        return Response(
            status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: try Wire.encode(value))))
    }

    /// Prometheus text exposition: `linnet_` in front, `_total` behind what only grows.
    private func metrics() async throws -> Response {
        let report = try await coordinator.report()
        var lines: [String] = []
        func add(_ name: String, _ type: String, _ value: Int) {
            lines += ["# TYPE linnet_\(name) \(type)", "linnet_\(name) \(value)"]
        }
        add("agents", "gauge", report.agents)
        add("agents_online", "gauge", report.agentsOnline)
        add("agents_on_version", "gauge", report.agentsOnVersion)
        add("alarms_firing", "gauge", report.activeAlarms)
        add("broker_connected", "gauge", report.brokerConnected ? 1 : 0)
        add("events", "gauge", report.eventsStored)
        add("rounds_committed_total", "counter", report.roundsCommitted)
        add("rounds_abandoned_total", "counter", report.roundsAbandoned)
        for name in FleetCounters.Name.allCases {
            add("\(name.rawValue)_total", "counter", coordinator.counters[name])
        }
        var headers = HTTPFields()
        headers[.contentType] = "text/plain; version=0.0.4; charset=utf-8"
        return Response(
            status: .ok, headers: headers,
            body: .init(byteBuffer: ByteBuffer(string: lines.joined(separator: "\n") + "\n")))
    }
}
