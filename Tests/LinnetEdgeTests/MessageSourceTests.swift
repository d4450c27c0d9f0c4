// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import LinnetConfiguration
import LinnetDetection
import LinnetDomain
import LinnetEdge
import LinnetMessaging
import LinnetTestKit
import Testing

@Suite("Sources of a running machine")
struct MessageSourceTests {
    private static let published = """
        source:
          kind: mqtt
          interval: 1s
          broker: {host: 127.0.0.1, insecureLoopback: true}
          time: at
          channels:
            - {name: speed, unit: rpm, topic: press/1/data, field: drive.speed}
            - {name: current, unit: A, topic: press/1/data, field: drive.current}
            - {name: heat, topic: press/1/data, field: heat}
        """

    private func configuration(_ source: String, state: String = "state", with lines: String = "") throws
        -> EdgeConfiguration
    {
        let device = source.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
        return try EdgeConfiguration(
            ConfigurationFile(
                text: "agent: press-1\nstate: \(state)\n\(lines)\ndevices:\n  - id: pump\n\(device)\n",
                name: "edge.yaml"))
    }

    private func problems(_ source: String, with lines: String = "") -> String {
        do {
            _ = try configuration(source, with: lines)
            return ""
        } catch { return "\(error)" }
    }

    // MARK: - Configuration

    @Test("channels of published readings are read, and make the signal contract")
    func keys() throws {
        let configuration = try configuration(Self.published)
        guard case .mqtt(let messages) = configuration.devices[0].source else {
            Issue.record("not read as mqtt")
            return
        }
        #expect(messages.broker?.host == "127.0.0.1" && messages.broker?.port == 1883)
        #expect(messages.fields.timeField == ["at"] && messages.fields.topics == ["press/1/data"])
        #expect(messages.fields.channels.map(\.field) == [["drive", "speed"], ["drive", "current"], ["heat"]])
        let contract = try SourceFactory.live(.system).contract(of: configuration.devices, windowLength: 4)
        #expect(contract == Fixtures.contract)
    }

    @Test("what can not be is told")
    func refusals() {
        let one = "channels: [{name: a, topic: t/a}]"
        #expect(problems("source: {kind: mqtt, \(one)}").contains("interval"))
        #expect(problems("source: {kind: mqtt, interval: 1s, \(one)}").contains("has no \"broker\""))
        let broker = "kind: mqtt, interval: 1s, broker: {host: 127.0.0.1, insecureLoopback: true}"
        #expect(problems("source: {\(broker)}").contains("must list 1 to"))
        #expect(problems("source: {\(broker), channels: [{name: a, topic: \"t/#\"}]}").contains("whole topic"))
        #expect(problems("source: {\(broker), channels: [{name: a, topic: t}, {name: a, topic: t}]}").contains("taken"))
        let two = "source: {\(broker), channels: [{name: a, topic: t/a}, {name: b, topic: t/b}]}"
        #expect(problems(two).contains("give \"clock\""))
        #expect(problems(two, with: "window: {clock: 1s}") == "")
        let far = "kind: mqtt, interval: 1s, broker: {host: far.example, insecureLoopback: true}"
        #expect(problems("source: {\(far), \(one)}").contains("without TLS only this machine"))
    }

    @Test("a file that is followed needs its interval, and has no part of a replay")
    func following() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("time,a\n", to: "log.csv")
        let file = "source: {kind: csv, path: \(path), follow: true"
        let configuration = try configuration("\(file), interval: 250ms}")
        let contract = try SourceFactory.live(.system).contract(of: configuration.devices, windowLength: 4)
        #expect(contract.intervalMilliseconds == 250 && contract.channels.map(\.name) == ["a"])
        #expect(problems("\(file)}").contains("interval"))
        #expect(problems("\(file), interval: 1s, loop: true}").contains("for recordings"))
    }

    // MARK: - A running agent

    private func message(_ sample: Sample, isRetained: Bool = false) -> Message {
        let (speed, current, heat) = (sample.values[0], sample.values[1], sample.values[2])
        let text = """
            {"at": \(sample.time.milliseconds), "drive": {"speed": \(speed), "current": "\(current)"}, "heat": \(heat)}
            """
        return Message(topic: "press/1/data", payload: Data(text.utf8), isRetained: isRetained)
    }

    private func count(_ table: String, _ directory: TemporaryDirectory) throws -> Int {
        var settings = Configuration()
        settings.readonly = true
        settings.busyMode = .timeout(5)
        return try DatabaseQueue(path: directory.path(EdgeStore.fileName), configuration: settings).read { db in
            try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0
        }
    }

    @Test(
        "an agent learns from what a machine publishes, skips what can not be read, and finds a fault in it",
        .timeLimit(.minutes(5)))
    func agent() async throws {
        let directory = try TemporaryDirectory()
        let lines = """
            window: {length: 4, stride: 4}
            detection: {raiseAfter: 3}
            model: {hidden: [6, 2]}
            learning: {minimumWindows: 100, epochs: 15, cpuShare: 1}
            """
        let configuration = try configuration(Self.published, state: directory.path, with: lines)
        let bus = InMemoryBus()
        var generator = SystemRandomNumberGenerator()
        let agent = try EdgeAgent(
            configuration: configuration, session: AgentSession(agent: Fixtures.agent, at: .now(), using: &generator),
            bus: nil, readings: [Fixtures.device: bus], logger: Fixtures.quiet)
        let running = Task { try await agent.run() }

        var next = 0
        func publish(_ count: Int, isFaulty: Bool = false) throws {
            for index in next..<next + count { try bus.deliver(message(Fixtures.sample(index, isFaulty: isFaulty))) }
            next += count
        }
        // A reading from before the agent began, kept by the broker, that says no time; and rubbish.
        try bus.deliver(Message(topic: "press/1/data", payload: Data("no reading".utf8)))
        let hasLearned = try await eventually {
            try publish(40)
            return try count("model", directory) > 0
        }
        #expect(hasLearned)
        try publish(200)
        try publish(40, isFaulty: true)
        let isFound = await eventually { (try? count("outbox", directory) > 0) == true }
        #expect(isFound)
        running.cancel()
        _ = await running.result

        let windows = try await Fixtures.store(directory).windows(of: Fixtures.device, newest: 10, width: 12)
        #expect(!windows.isEmpty && windows.allSatisfy { $0.values.allSatisfy { $0 < 2000 } })
        #expect(windows.allSatisfy { $0.end.milliseconds - $0.start.milliseconds == 3000 })
    }
}
