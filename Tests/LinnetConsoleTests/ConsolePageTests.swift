// SPDX-License-Identifier: Apache-2.0

import Foundation
import FoundationNetworking
import Hummingbird
import HummingbirdTesting
import LinnetConsole
import LinnetDomain
import LinnetFleet
import LinnetMessaging
import LinnetStore
import LinnetTestKit
import Logging
import Testing

@Suite("The web console")
struct ConsolePageTests {
    private let folder: TemporaryDirectory
    private let application: any ApplicationProtocol
    private static let browser = Tool.find("chromium") ?? Tool.find("google-chrome")

    /// A coordinator with one event in its store, with a channel whose name is markup.
    init() throws {
        folder = try TemporaryDirectory()
        let store = try SQLiteFleetStore(path: folder.path("coordinator.sqlite"))
        let coordinator = FleetCoordinator(
            settings: FleetSettings(name: "plant-7"), store: store, bus: InMemoryBus(), topics: TopicScheme(),
            key: SigningKey(), trusted: TrustedAgents(directory: folder.path), clock: ManualClock().wallClock,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        var generator = SystemRandomNumberGenerator()
        let now = Timestamp(milliseconds: 1_767_225_600_000)
        let event = AnomalyEvent(
            id: ULID(at: now, using: &generator), revision: 1, agent: try AgentID("press-1"),
            device: try DeviceID("pump"), state: .firing, startedAt: now, endedAt: now.adding(milliseconds: 90_000),
            reportedAt: now, score: 3, peakScore: 4, threshold: 1,
            model: ModelVersion(number: 1, digest: Digest(of: Data("m".utf8))),
            contributions: [
                ChannelContribution(channel: "<img src=x>", share: 0.75, observed: 20, expected: 10),
                ChannelContribution(channel: "flow", share: 0.25, observed: 2, expected: 1),
            ], windows: 3)
        _ = try store.record(AnomalyMessage(event: event, sequence: 1, oldest: 1, historical: false), at: now)
        try store.append(
            AuditEntry(row: 0, at: now, actor: "anna", action: "rollout paused", subject: "rollout 7", reason: "lunch"))
        let operators = try Operators.prepare(in: folder.path)
        application = Application(
            router: ConsoleRouter(coordinator: coordinator, store: store, operators: operators).router())
    }

    private func get(
        _ path: String, host: String? = nil
    ) async throws -> (status: Int, text: String, headers: [String: String]) {
        try await application.test(.live) { client in
            let port = try #require(client.port)
            var request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:\(port)\(path)")))
            if let host { request.setValue(host, forHTTPHeaderField: "Host") }
            let (body, answer) = try await URLSession.shared.data(for: request)
            let response = try #require(answer as? HTTPURLResponse)
            var headers: [String: String] = [:]
            for (name, value) in response.allHeaderFields {
                if let name = name as? String, let value = value as? String { headers[name.lowercased()] = value }
            }
            return (response.statusCode, String(decoding: body, as: UTF8.self), headers)
        }
    }

    @Test("the page and all that it imports are served, and may load and ask for nothing from elsewhere")
    func files() async throws {
        let page = try await get("/")
        #expect(page.status == 200 && page.headers["content-type"] == "text/html; charset=utf-8")
        let policy = try #require(page.headers["content-security-policy"])
        #expect(policy.hasPrefix("default-src 'none'; script-src 'self'") && policy.contains("frame-ancestors 'none'"))

        var waiting = ["/console/console.css", "/console/console.js"]
        #expect(waiting.allSatisfy(page.text.contains))
        var seen: Set<String> = []
        while let path = waiting.popLast() {
            guard seen.insert(path).inserted else { continue }
            let file = try await get(path)
            #expect(file.status == 200 && !file.text.isEmpty, "\(path)")
            waiting += file.text.matches(of: /from "\.\/([a-z]+\.js)"/).map { "/console/\($0.1)" }
            // Every path of the API that a view names is there.
            for asked in file.text.matches(of: /paths: \[([^\]]+)\]/).flatMap({ $0.1.matches(of: /"([^"]+)"/) }) {
                #expect(try await get("/api/v1/\(asked.1)").status == 200, "\(asked.1)")
            }
        }
        #expect(seen.count == 9)
    }

    @Test(
        "a request by another name than this machine's is refused, whatever it asks for",
        arguments: ["evil.example", "evil.example:8780", "127.0.0.1.evil.example", "10.0.0.7"])
    func foreignNames(host: String) async throws {
        for path in ["/", "/api/v1/status", "/metrics"] {
            let (status, text, _) = try await get(path, host: host)
            #expect(status == 421 && text.contains("localhost"))
        }
    }

    @Test(
        "this machine's own names are answered", arguments: ["localhost", "localhost:8780", "127.0.0.1:1", "[::1]:80"])
    func ownNames(host: String) async throws {
        #expect(try await get("/api/v1/status", host: host).status == 200)
    }

    @Test(
        "a browser shows the fleet, an event with what is odd about it as text, and the log",
        .enabled(if: browser != nil, "no chromium is installed; apt-get install chromium"),
        .timeLimit(.minutes(3)),
        arguments: [
            ("fleet", ["plant-7", "alarms firing"]),
            ("anomalies", ["pump", "&lt;img src=x&gt;", "75 %", "90 s"]),
            ("log", ["anna", "rollout paused", "lunch"]), ("rollouts", ["No rollout yet"]),
            ("learning", ["No round yet"]),
        ])
    func drawn(view: String, expected: [String]) async throws {
        let program = try #require(Self.browser)
        let profile = folder.path("browser")
        let drawn = try await application.test(.live) { client in
            let port = try #require(client.port)
            return try await Self.page("http://127.0.0.1:\(port)/#\(view)", by: program, profile: profile)
        }
        for text in expected { #expect(drawn.contains(text), "\(drawn)") }
        #expect(!drawn.contains("<img"))
    }

    /// The document as a browser has it, scripts run.
    private static func page(_ address: String, by program: String, profile: String) async throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = [
            "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=\(profile)", "--virtual-time-budget=5000",
            "--dump-dom", address,
        ]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result {
                        let said = try output.fileHandleForReading.readToEnd() ?? Data()
                        process.waitUntilExit()
                        return String(decoding: said, as: UTF8.self)
                    })
            }
        }
    }
}
