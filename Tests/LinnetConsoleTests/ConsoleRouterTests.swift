// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LinnetConsole
import LinnetDomain
import LinnetFleet
import LinnetMessaging
import LinnetStore
import LinnetTestKit
import Logging
import NIOCore
import Testing

@Suite("The HTTP API")
struct ConsoleRouterTests {
    private let folder: TemporaryDirectory
    private let store: SQLiteFleetStore
    private let coordinator: FleetCoordinator
    private let operators: Operators
    private let now = Timestamp(milliseconds: 1_767_225_600_000)

    init() throws {
        folder = try TemporaryDirectory()
        store = try SQLiteFleetStore(path: folder.path("coordinator.sqlite"))
        operators = try Operators.prepare(in: folder.path)
        coordinator = FleetCoordinator(
            settings: FleetSettings(name: "plant-7"), store: store, bus: InMemoryBus(), topics: TopicScheme(),
            key: SigningKey(), trusted: TrustedAgents(directory: folder.path), clock: ManualClock().wallClock,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    private func get<Body: Decodable & Sendable>(_ type: Body.Type, _ path: String) async throws -> Body {
        let (status, bytes, contentType) = try await request(path)
        #expect(status == 200 && contentType == "application/json; charset=utf-8")
        return try JSONDecoder().decode(type, from: bytes)
    }

    private func request(
        _ path: String, method: HTTPRequest.Method = .get, token: String? = nil, body: String = ""
    ) async throws -> (status: Int, body: Data, contentType: String?) {
        let router = ConsoleRouter(coordinator: coordinator, store: store, operators: operators)
        let headers: HTTPFields = token.map { [.authorization: "Bearer \($0)"] } ?? [:]
        return try await Application(router: router.router()).test(.router) { client in
            try await client.execute(uri: path, method: method, headers: headers, body: ByteBuffer(string: body)) {
                response in
                (response.status.code, Data(response.body.readableBytesView), response.headers[.contentType])
            }
        }
    }

    private func error(
        _ path: String, method: HTTPRequest.Method = .get, token: String? = nil, body: String = ""
    ) async throws -> String {
        struct Failure: Decodable { let error: String }
        let (status, body, _) = try await request(path, method: method, token: token, body: body)
        return "\(status) \(try JSONDecoder().decode(Failure.self, from: body).error)"
    }

    private func store(_ sequence: Int64, device: String) throws {
        var generator = SystemRandomNumberGenerator()
        let event = AnomalyEvent(
            id: ULID(at: now.adding(milliseconds: sequence), using: &generator), revision: 1,
            agent: try AgentID("press"), device: try DeviceID(device), state: .firing, startedAt: now, endedAt: now,
            reportedAt: now, score: 3, peakScore: 4, threshold: 1,
            model: ModelVersion(number: 1, digest: Digest(of: Data("m".utf8))),
            contributions: [ChannelContribution(channel: "flow", share: 1, observed: 2, expected: 1)], windows: 3)
        _ = try store.record(
            AnomalyMessage(event: event, sequence: sequence, oldest: 1, historical: false), at: now)
    }

    @Test("a fleet that has just been set up is reported as such")
    func empty() async throws {
        let report = try await get(FleetReport.self, "/api/v1/status")

        #expect(report.fleet == "plant-7" && report.agents == 0 && report.cohorts.isEmpty)
        #expect(report.software == Software.version && !report.brokerConnected)
        #expect(try await get(AgentsPage.self, "/api/v1/agents").agents.isEmpty)
        #expect(try await get(RoundsPage.self, "/api/v1/rounds?limit=5").rounds.isEmpty)
        #expect(try await get(ModelsPage.self, "/api/v1/models").models.isEmpty)
        #expect(try await get(EventsPage.self, "/api/v1/anomalies").next == 0)
    }

    @Test("events come page by page, and can be asked for by agent and device")
    func events() async throws {
        for sequence in 1...5 as ClosedRange<Int64> { try store(sequence, device: sequence == 3 ? "fan" : "pump") }

        let first = try await get(EventsPage.self, "/api/v1/anomalies?limit=2")
        #expect(first.anomalies.map(\.message.sequence) == [1, 2])
        let second = try await get(EventsPage.self, "/api/v1/anomalies?limit=10&after=\(first.next)")
        #expect(second.anomalies.map(\.message.sequence) == [3, 4, 5])
        let last = try await get(EventsPage.self, "/api/v1/anomalies?after=\(second.next)")
        #expect(last.anomalies.isEmpty && last.next == second.next)
        let fan = try await get(EventsPage.self, "/api/v1/anomalies?device=fan&agent=press")
        #expect(fan.anomalies.map(\.message.sequence) == [3])
        let newest = try await get(EventsPage.self, "/api/v1/anomalies?order=newest&limit=2")
        #expect(newest.anomalies.map(\.message.sequence) == [5, 4])
        let older = try await get(EventsPage.self, "/api/v1/anomalies?order=newest&before=\(newest.next)&device=pump")
        #expect(older.anomalies.map(\.message.sequence) == [2, 1])
        #expect(try await get(EventsPage.self, "/api/v1/anomalies?agent=mill").anomalies.isEmpty)
        #expect(try await get(FleetReport.self, "/api/v1/status").activeAlarms == 5)
    }

    @Test("an event is flat JSON: the message's keys, and where it stands")
    func flatEvent() async throws {
        try store(1, device: "pump")

        let (_, body, _) = try await request("/api/v1/anomalies")
        let text = String(decoding: body, as: UTF8.self)

        #expect(text.contains(#""share.flow":1"#) && text.contains(#""row":1"#) && text.contains(#""device":"pump""#))
    }

    @Test("the audit log is read in order")
    func audit() async throws {
        for subject in ["a", "b", "c"] {
            try store.append(
                AuditEntry(row: 0, at: now, actor: "coordinator", action: "tested", subject: subject, reason: "why"))
        }

        let page = try await get(AuditPage.self, "/api/v1/audit?after=1&limit=1")

        #expect(page.audit.map(\.subject) == ["b"])
        let newest = try await get(AuditPage.self, "/api/v1/audit?order=newest&limit=2")
        #expect(newest.audit.map(\.subject) == ["c", "b"])
        #expect(try await get(AuditPage.self, "/api/v1/audit?order=newest&before=2").audit.map(\.subject) == ["a"])
    }

    @Test("a parameter that is wrong is named, with what is allowed")
    func badQueries() async throws {
        #expect(
            try await error("/api/v1/rounds?limit=0") == #"400 "limit" is "0"; it is a whole number from 1 to 1000"#)
        #expect(
            try await error("/api/v1/anomalies?after=-1")
                == #"400 "after" is "-1"; it is a whole number from 0 to 9223372036854775807"#)
        #expect(
            try await error("/api/v1/anomalies?devise=pump")
                == #"400 there is no parameter "devise" here; known: after, agent, before, device, limit, order"#)
        #expect(try await error("/api/v1/audit?order=up") == #"400 "order" is "up"; it is oldest or newest"#)
        #expect(try await error("/api/v1/audit?before=3").contains(#""before" with order=newest"#))
        #expect(try await error("/api/v1/anomalies?order=newest&after=3").contains(#""after" goes with order=oldest"#))
        #expect(try await error("/api/v1/anomalies?device=.x").hasPrefix(#"400 "device": ".x" is not a name"#))
        #expect(try await error("/api/v1/models?limit=99999999999999999999").hasPrefix("400 "))
    }

    @Test("what is not there is 404 in JSON")
    func unknownPath() async throws {
        #expect(try await error("/api/v1/secrets") == "404 there is nothing at /api/v1/secrets")
        #expect(try await error("/api") == "404 there is nothing at /api")
    }

    @Test("nothing can be written", arguments: [HTTPRequest.Method.post, .put, .delete, .patch])
    func readOnly(_ method: HTTPRequest.Method) async throws {
        #expect(try await request("/api/v1/status", method: method).status == 404)
    }

    // MARK: - What changes something

    private var token: String {
        get throws {
            try String(contentsOfFile: "\(operators.directory)/operator.token", encoding: .utf8)
                .filter { !$0.isWhitespace }
        }
    }

    @Test(
        "whatever changes something asks for a token, and takes nobody else's",
        arguments: [
            (HTTPRequest.Method.post, "/api/v1/rollouts"), (.post, "/api/v1/rollouts/1/start"),
            (.post, "/api/v1/rollouts/1/rollback"), (.put, "/api/v1/aliases/champion"),
            (.post, "/api/v1/models"),
        ])
    func tokens(method: HTTPRequest.Method, path: String) async throws {
        for wrong in [nil, "", "0", String(repeating: "0", count: 64), try token.uppercased() + "0"] {
            #expect(try await error(path, method: method, token: wrong, body: "{}").hasPrefix("401 this changes"))
        }
        #expect(try await !error(path, method: method, token: try token, body: "{}").hasPrefix("401"))
    }

    @Test("a token file that others can read is nobody's, and a new file counts at once, under its name")
    func tokenFiles() throws {
        let path = "\(operators.directory)/operator.token"
        #expect(operators.name(of: try token) == "operator")
        #expect(try Operators.prepare(in: folder.path).name(of: try token) == "operator", "it is made once")
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
        #expect(operators.name(of: try token) == nil)
        let other = String(repeating: "ab", count: 32)
        let file = try folder.write(other, to: "operators/bob.token")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        #expect(operators.name(of: other) == "bob")
        #expect(
            try FileManager.default.attributesOfItem(atPath: operators.directory)[.posixPermissions] as? Int == 0o700)
    }

    @Test("a request that can not be carried out is answered with what is wrong")
    func refusedRequests() async throws {
        let token = try token
        #expect(
            try await error("/api/v1/rollouts", method: .post, token: token, body: "{}")
                == #"400 not a RolloutRequest: "version" is missing"#)
        #expect(
            try await error("/api/v1/rollouts", method: .post, token: token, body: #"{"version":"3"}"#)
                == "409 name a cohort; known: none yet")
        #expect(
            try await error("/api/v1/rollouts/7/pause", method: .post, token: token, body: #"{"why":"so"}"#)
                == "409 there is no rollout 7")
        #expect(
            try await error("/api/v1/rollouts/7/stop", method: .post, token: token, body: #"{"why":"so"}"#)
                == "400 what can be asked of a rollout is start, approve, pause, resume, rollback")
        let large = String(repeating: " ", count: 70_000)
        #expect(
            try await error("/api/v1/rollouts", method: .post, token: token, body: large)
                == "413 this request has at most 65536 bytes")
        #expect(try await error("/api/v1/rollouts/7") == "409 there is no rollout 7")
        #expect(try await get(RolloutsPage.self, "/api/v1/rollouts").rollouts.isEmpty)
        #expect(try await get(EvidencePage.self, "/api/v1/rollouts/7/history").evidence.isEmpty)
    }

    @Test("health is a word, metrics are Prometheus text")
    func metrics() async throws {
        try store(1, device: "pump")

        #expect(try await request("/health").body == Data("ok\n".utf8))
        let (_, body, contentType) = try await request("/metrics")
        let lines = String(decoding: body, as: UTF8.self).split(separator: "\n")

        #expect(contentType == "text/plain; version=0.0.4; charset=utf-8")
        #expect(lines.contains("linnet_alarms_firing 1") && lines.contains("linnet_updates_refused_total 0"))
        for line in lines where !line.hasPrefix("#") {
            #expect(line.hasPrefix("linnet_") && line.split(separator: " ").count == 2)
            let name = line.split(separator: " ")[0]
            #expect(lines.contains { $0.hasPrefix("# TYPE \(name) ") })
        }
    }
}
