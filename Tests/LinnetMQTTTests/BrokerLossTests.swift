// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetMQTT
import LinnetMessaging
import LinnetTestKit
import Testing

@Suite(
    "When the broker or the network fails",
    .enabled(if: MosquittoBroker.isAvailable && TestCertificates.isAvailable, "\(MosquittoBroker.skipped)"))
struct BrokerLossTests {
    /// A broker, and how its client "press-1" gets in.
    private func broker(tls: Bool) throws -> (MosquittoBroker, BrokerSettings) {
        guard tls else {
            let broker = try MosquittoBroker()
            return (broker, .local(broker.port))
        }
        let certificates = try TestCertificates(agents: ["press-1"])
        let broker = try MosquittoBroker(.certificates(certificates))
        return (broker, .local(broker.port, tls: .of("press-1", certificates)))
    }

    @Test("a killed broker that comes back has every subscription again, and messages flow", arguments: [false, true])
    func killedBroker(tls: Bool) async throws {
        let (broker, settings) = try broker(tls: tls)
        let heard = Recorder<String>()
        // The one topic tree that an agent may both write and, for this test, hear of: its will and state come from it.
        let topic = tls ? "linnet/v1/up/press-1/state" : "state"
        let agent = BusHarness(settings, id: "press-1") { bus in
            bus.subscribe(to: TopicFilter("linnet/v1/bcast/#")) { heard.append($0.topic) }
            bus.subscribe(to: TopicFilter("state")) { heard.append($0.topic) }
        }
        try await agent.connected()
        try await agent.bus.publish(Message(topic: topic, payload: Data()))

        for round in 1...2 {
            broker.kill9()
            #expect(await eventually { !agent.isConnected }, "round \(round)")
            let error = await busError { () throws(BusError) in
                try await agent.bus.publish(Message(topic: topic, payload: Data()))
            }
            #expect(error == .notConnected)
            try broker.restart()
            try await agent.connected()
            try await agent.bus.publish(Message(topic: topic, payload: Data()))
        }

        #expect(agent.bus.counters.reconnects == 2)
        if !tls { #expect(await eventually { heard.count == 3 }) }
        try await agent.stop()
    }

    @Test("a broker that is down at the start is found when it comes up", arguments: [false, true])
    func lateBroker(tls: Bool) async throws {
        let (broker, settings) = try broker(tls: tls)
        broker.kill9()
        let agent = BusHarness(settings, id: "press-1")

        #expect(await eventually { agent.states.count >= 2 })
        #expect(agent.reason == "127.0.0.1:\(broker.port): Connection refused")
        try broker.restart()

        try await agent.connected()
        try await agent.stop()
    }

    @Test("publishing without a broker fails at once")
    func noBroker() async throws {
        let (broker, settings) = try broker(tls: false)
        broker.kill9()
        let agent = BusHarness(settings, id: "press-1")

        let time = await ContinuousClock().measure {
            for _ in 0..<100 {
                let error = await busError { () throws(BusError) in
                    try await agent.bus.publish(Message(topic: "state", payload: Data()))
                }
                #expect(error == .notConnected)
            }
        }

        // Waiting for the broker would take the delay before the next attempt, a hundred times.
        #expect(time < .seconds(10))
        #expect(agent.bus.counters.failed == 100)
        try await agent.stop()
    }

    @Test("a message is not acknowledged before its receiver has returned")
    func acknowledgedAfterReceiver() async throws {
        let (broker, settings) = try broker(tls: false)
        let proxy = try TCPProxy(to: broker.port)
        let heard = Recorder<String>()
        let gate = DispatchSemaphore(value: 0)
        let listener = BusHarness(.local(proxy.port), id: "listener") { bus in
            bus.subscribe(to: TopicFilter("order")) { message in
                heard.append(String(decoding: message.payload, as: UTF8.self))
                // Stands for a commit that is interrupted: the receiver has not returned when the connection is cut.
                if heard.count == 1 { gate.wait() }
            }
        }
        let speaker = BusHarness(settings, id: "speaker")
        try await listener.connected()
        try await speaker.connected()
        try await speaker.bus.publish(Message(topic: "order", payload: Data("one".utf8)))
        #expect(await eventually { heard.count == 1 })
        // Long enough for an acknowledgement to pass, were it sent.
        try await Task.sleep(for: .milliseconds(200))

        proxy.cut()
        try await Task.sleep(for: .milliseconds(50))
        gate.signal()

        #expect(await eventually { heard.count == 2 })
        #expect(heard.all == ["one", "one"])
        try await speaker.bus.publish(Message(topic: "order", payload: Data("two".utf8)))
        #expect(await eventually { heard.count == 3 })
        try await listener.stop()
        try await speaker.stop()
    }

    @Test(
        "while the network holds everything back, places and waiting room are limited, and all of it fails in the end")
    func frozenNetwork() async throws {
        let (broker, _) = try broker(tls: false)
        let proxy = try TCPProxy(to: broker.port)
        var settings = BrokerSettings.local(proxy.port)
        settings.maximumInFlight = 4
        settings.maximumWaiting = 3
        settings.acknowledgementTimeout = .milliseconds(500)
        let speaker = BusHarness(settings, id: "speaker")
        try await speaker.connected()
        proxy.freeze()

        let errors = await withTaskGroup(of: BusError?.self) { group in
            for number in 0..<10 {
                group.addTask {
                    await busError { () throws(BusError) in
                        try await speaker.bus.publish(Message(topic: "\(number)", payload: Data()))
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }

        #expect(errors.count { $0 == .tooManyWaiting(limit: 3) } == 3)
        #expect(errors.count { $0 == .notConnected } == 7)
        #expect(speaker.bus.counters.mostInFlight == 4)
        #expect(speaker.bus.counters.waitingRejected == 3)
        // Publishers may hear of it a moment before observers do.
        let gaveUp = ConnectionState.disconnected(reason: "the broker has not acknowledged a message for 0.5 seconds")
        #expect(await eventually { speaker.states.all.contains(gaveUp) })
        proxy.freeze(false)
        try await speaker.connected()
        try await speaker.bus.publish(Message(topic: "again", payload: Data()))
        try await speaker.stop()
    }

    @Test("a broker that takes the connection and says nothing is given up", arguments: [false, true])
    func silentBroker(tls: Bool) async throws {
        var (broker, settings) = try broker(tls: tls)
        let proxy = try TCPProxy(to: broker.port)
        proxy.freeze()
        settings.port = proxy.port
        settings.handshakeTimeout = .milliseconds(300)
        let agent = BusHarness(settings, id: "press-1")

        #expect(await eventually { agent.reason == "the broker did not answer within 0.3 seconds" })
        proxy.freeze(false)

        try await agent.connected()
        try await agent.stop()
    }

    @Test("a stop ends a bus within moments, connected or not")
    func stopsAtOnce() async throws {
        let (broker, settings) = try broker(tls: false)
        let connected = BusHarness(settings, id: "connected")
        try await connected.connected()
        var away = settings
        away.port = try Loopback.freePort()
        away.reconnectDelay = .seconds(100)
        away.maximumReconnectDelay = .seconds(100)
        let waiting = BusHarness(away, id: "waiting")
        #expect(await eventually { waiting.states.count >= 2 })
        // An address that never answers (RFC 5737) keeps the thread inside connect().
        var nowhere = settings
        nowhere.host = "192.0.2.1"
        let blocked = BusHarness(nowhere, id: "blocked")
        try await Task.sleep(for: .milliseconds(100))

        for bus in [connected, waiting, blocked] {
            let time = try await ContinuousClock().measure { try await bus.stop() }
            #expect(time < .seconds(30), "\(time)")
        }
        _ = broker
    }

    @Test("messages handed over just before the stop still arrive")
    func stopLetsMessagesArrive() async throws {
        let (broker, settings) = try broker(tls: false)
        let speaker = BusHarness(settings, id: "speaker")
        try await speaker.connected()

        let published = Task {
            try await withThrowingTaskGroup { group in
                for number in 0..<200 {
                    group.addTask { try await speaker.bus.publish(Message(topic: "\(number)", payload: Data())) }
                }
                try await group.waitForAll()
            }
        }
        #expect(await eventually { speaker.bus.counters.mostInFlight == 20 })
        let inFlight = speaker.bus
        try await speaker.stop()

        // Some may have come too late; none of those that were taken may have been dropped.
        _ = await published.result
        #expect(inFlight.counters.published + inFlight.counters.failed == 200)
        #expect(inFlight.counters.published >= 20)
        _ = broker
    }
}
