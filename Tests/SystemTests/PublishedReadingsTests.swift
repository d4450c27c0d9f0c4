// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetTestKit
import Testing

extension SystemTests {
    @Suite("Published readings")
    struct PublishedReadingsTests {
        @Test(
            "an agent that works alone learns from what a machine publishes over MQTT, and raises an alarm on a fault",
            .enabled(if: MosquittoBroker.isAvailable, Comment(rawValue: MosquittoBroker.skipped)),
            .timeLimit(.minutes(5)))
        func agent() async throws {
            let broker = try MosquittoBroker()
            let directory = try TemporaryDirectory("linnet-readings")
            let configuration = try directory.write(
                """
                agent: press-1
                state: \(directory.path("state"))
                window: {length: 4, stride: 4, clock: 1s, maximumGap: 5s}
                learning: {minimumWindows: 60, epochs: 10, cpuShare: 1}
                devices:
                  - id: press
                    source:
                      kind: mqtt
                      interval: 1s
                      broker: {host: 127.0.0.1, port: \(broker.port), insecureLoopback: true}
                      time: t
                      channels:
                        - {name: pressure, unit: bar, topic: press/1/hydraulics, field: pressure}
                        - {name: temperature, topic: press/1/oil, field: temperature}

                """, to: "edge.yaml")
            let agent = try RunningProgram("linnet-edge", ["run", "--config", configuration])
            let hydraulics = try Publisher(port: broker.port, topic: "press/1/hydraulics")
            let oil = try Publisher(port: broker.port, topic: "press/1/oil")

            var second = 0
            func publish(_ count: Int, above level: Double) throws {
                for _ in 0..<count {
                    second += 1
                    let load = sin(Double(second) / 9)
                    let time = 1_767_225_600 + second
                    try hydraulics.say(#"{"t": \#(time), "pressure": \#(200 + 10 * load)}"#)
                    try oil.say(#"{"t": \#(time), "temperature": \#(45 + 2 * load + level)}"#)
                }
            }
            let hasLearned = try await eventually(timeout: .seconds(120)) {
                try publish(40, above: 0)
                return agent.complained.contains("local model learned")
            }
            #expect(hasLearned, "\(agent.complained)")
            let isFound = try await eventually(timeout: .seconds(120)) {
                try publish(10, above: 40)
                return agent.complained.contains("alarm raised")
            }
            #expect(isFound, "\(agent.complained)")
            agent.stop()
            #expect(try await agent.end(within: .seconds(60)) == 0)
        }
    }
}

/// A machine's controller: publishes a line of text at a time.
private final class Publisher {
    private let process = Process()
    private let input = Pipe()

    init(port: Int, topic: String) throws {
        let path = try #require(
            Tool.find("mosquitto_pub"), "mosquitto_pub is not installed; apt-get install mosquitto-clients")
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["-h", "127.0.0.1", "-p", "\(port)", "-t", topic, "-l"]
        process.standardInput = input
        try process.run()
    }

    func say(_ line: String) throws { try input.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8)) }

    deinit {
        try? input.fileHandleForWriting.close()
        if process.isRunning { process.terminate() }
    }
}
