// SPDX-License-Identifier: Apache-2.0

import LinnetMQTT
import LinnetMessaging
import LinnetTestKit
import Testing

@Suite("A broker that refuses, or talks nonsense")
struct HostileBrokerTests {
    @Test("a refused connection is tried again and again: access rules may just be reloaded")
    func refusedConnection() async throws {
        let broker = try ScriptedBroker { _ in [ScriptedBroker.connectionAnswer(135)] }
        let agent = BusHarness(.local(broker.port), id: "press-1")

        #expect(await eventually { broker.connections >= 3 })
        #expect(agent.reason == "the broker refuses the connection: Not authorized (reason code 135)")
        #expect(agent.bus.counters.connections == 0)
        try await agent.stop()
        broker.stop()
    }

    @Test("a refused subscription is no connection, and says which one it was")
    func refusedSubscription() async throws {
        let broker = try ScriptedBroker { _ in [ScriptedBroker.connectionAnswer(0), [0x90, 4, nil, 0, 135]] }
        let agent = BusHarness(.local(broker.port), id: "press-1") { bus in
            bus.subscribe(to: TopicFilter("down/press-1/#")) { _ in }
        }

        #expect(await eventually { broker.connections >= 2 })
        #expect(
            agent.reason
                == "the broker refuses the subscription to down/press-1/#: Not authorized (reason code 135)")
        #expect(!agent.states.all.contains(.connected))
        try await agent.stop()
        broker.stop()
    }

    @Test("nothing is connected, and nothing is published, before the last subscription is acknowledged")
    func waitsForSubscriptions() async throws {
        // The second connection acknowledges one of two subscriptions, and then falls silent.
        let broker = try ScriptedBroker { _ in [ScriptedBroker.connectionAnswer(0), [0x90, 4, nil, 0, 1], []] }
        var settings = BrokerSettings.local(broker.port)
        settings.handshakeTimeout = .milliseconds(300)
        let agent = BusHarness(settings, id: "press-1") { bus in
            bus.subscribe(to: TopicFilter("one")) { _ in }
            bus.subscribe(to: TopicFilter("two")) { _ in }
        }

        #expect(await eventually { broker.connections >= 2 })
        #expect(!agent.states.all.contains(.connected))
        try await agent.stop()
        broker.stop()
    }

    @Test("a broker's own reason for closing is told")
    func closing() async throws {
        let broker = try ScriptedBroker { _ in
            [ScriptedBroker.connectionAnswer(0) + [0xE0, 2, 139, 0]]
        }
        let agent = BusHarness(.local(broker.port), id: "press-1")

        #expect(
            await eventually {
                agent.states.all.contains(
                    .disconnected(reason: "the broker closed the connection: Server shutting down (reason code 139)"))
            })
        try await agent.stop()
        broker.stop()
    }

    /// Packets that are out of place, cut short or malformed.
    ///
    /// Not among them: a property of an unknown kind. libmosquitto 2.0.11 ends the process there, by a log line without
    /// a client (property_mosq.c), and nothing outside of it can prevent that.
    private static let nonsense: [[UInt8?]] = [
        [0x00, 0], [0xF0, 0], [0x10, 0], [0xC0, 0], [0xD0, 5, 1, 2, 3],
        [0x20, 3, 0, 0, 0], [0x20, 2, 0, 0], [0x20, 1, 0], [0x20, 0], [0x20, 3, 0, 0, 9], [0x20, 3, 255, 255, 255],
        [0x30, 0], [0x30, 2, 0, 0], [0x30, 3, 0, 9, 65], [0x30, 5, 0, 2, 0xC3, 0x28, 0], [0x30, 4, 0, 1, 43, 0],
        [0x32, 4, 0, 1, 65, 0], [0x32, 6, 0, 1, 65, 0, 0, 0], [0x36, 6, 0, 1, 65, 0, 1, 0],
        [0x3E, 6, 0, 1, 65, 0, 1, 0],
        [0x34, 6, 0, 1, 65, 0, 1, 0], [0x62, 2, 0, 7], [0x40, 0], [0x40, 2, 0, 0], [0x40, 2, 255, 255],
        [0x40, 3, 0, 1, 135],
        [0x50, 2, 0, 1], [0x70, 2, 0, 1], [0x90, 0], [0x90, 2, 0, 1], [0x90, 3, nil, 0], [0x90, 3, 255, 255, 0],
        [0x90, 5, 0, 0, 0, 1, 1], [0xB0, 3, 0, 1, 0], [0xE0, 0], [0xE0, 1, 0], [0xF0, 2, 0, 0], [0xF0, 1, 24],
        [0x30, 255, 255, 255, 255, 127], [0x90, 255, 255, 255, 127, 0],
    ]

    @Test("packets that are out of place, cut short or malformed end a connection at most, never the process")
    func nonsensePackets() async throws {
        let broker = try ScriptedBroker { number in
            let packet = Self.nonsense[number / 2 % Self.nonsense.count]
            return [(number.isMultiple(of: 2) ? [] : ScriptedBroker.connectionAnswer(0)) + packet]
        }
        var settings = BrokerSettings.local(broker.port)
        settings.handshakeTimeout = .milliseconds(200)
        settings.reconnectDelay = .milliseconds(1)
        settings.maximumReconnectDelay = .milliseconds(1)
        let heard = Recorder<Message>()
        let agent = BusHarness(settings, id: "press-1") { bus in
            bus.subscribe(to: TopicFilter("down/#")) { heard.append($0) }
        }

        #expect(await eventually { broker.connections > 2 * Self.nonsense.count })
        #expect(agent.bus.counters.connections == 0)
        #expect(heard.count == 0)
        try await agent.stop()
        broker.stop()
    }
}
