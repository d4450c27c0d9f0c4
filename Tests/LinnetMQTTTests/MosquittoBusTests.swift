// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import LinnetMQTT
import LinnetMessaging
import LinnetTestKit
import Testing

@Suite("Messages over a broker", .enabled(if: MosquittoBroker.isAvailable, "\(MosquittoBroker.skipped)"))
struct MosquittoBusTests {
    let broker: MosquittoBroker

    init() throws { broker = try MosquittoBroker() }

    private var settings: BrokerSettings { .local(broker.port) }

    @Test("what one client publishes reaches those who subscribe to it, and nobody else")
    func roundTrip() async throws {
        let heard = Recorder<Message>()
        let other = Recorder<Message>()
        let listener = BusHarness(settings, id: "listener") { bus in
            bus.subscribe(to: TopicFilter("plant/+/state")) { heard.append($0) }
            bus.subscribe(to: TopicFilter("office/#")) { other.append($0) }
        }
        let speaker = BusHarness(settings, id: "speaker")
        try await listener.connected()
        try await speaker.connected()

        try await speaker.bus.publish(Message(topic: "plant/press/state", payload: Data([0, 1, 255])))
        try await speaker.bus.publish(Message(topic: "plant/press/other", payload: Data()))
        try await speaker.bus.publish(Message(topic: "plant/saw/state", payload: Data()))

        #expect(await eventually { heard.count == 2 })
        #expect(
            heard.all == [
                Message(topic: "plant/press/state", payload: Data([0, 1, 255])),
                Message(topic: "plant/saw/state", payload: Data()),
            ])
        #expect(other.count == 0)
        #expect(speaker.bus.counters.published == 3)
        #expect(listener.bus.counters.received == 2)
        try await listener.stop()
        try await speaker.stop()
    }

    @Test("a retained message reaches who subscribes later, marked as such, until it expires or is cleared")
    func retained() async throws {
        let speaker = BusHarness(settings, id: "speaker")
        try await speaker.connected()
        for (topic, expiry) in [("kept", nil), ("expired", UInt32(1)), ("cleared", nil)] {
            try await speaker.bus.publish(
                Message(topic: topic, payload: Data(topic.utf8), isRetained: true, expirySeconds: expiry))
        }
        try await speaker.bus.publish(Message(topic: "cleared", payload: Data(), isRetained: true))
        // The broker counts expiry in whole seconds by its own clock.
        try await Task.sleep(for: .milliseconds(2200))
        let heard = Recorder<Message>()

        let listener = BusHarness(settings, id: "listener") { bus in
            for topic in ["cleared", "expired", "kept"] {
                bus.subscribe(to: TopicFilter(topic)) { heard.append($0) }
            }
        }
        try await listener.connected()

        #expect(await eventually { heard.count == 1 })
        #expect(heard.all == [Message(topic: "kept", payload: Data("kept".utf8), wasRetained: true)])
        try await speaker.stop()
        try await listener.stop()
    }

    @Test("a subscription made while connected is made at once")
    func lateSubscription() async throws {
        let heard = Recorder<String>()
        let both = BusHarness(settings, id: "both")
        try await both.connected()

        both.bus.subscribe(to: TopicFilter("late")) { heard.append($0.topic) }
        try await both.bus.publish(Message(topic: "late", payload: Data(), isRetained: true))

        #expect(await eventually { heard.count == 1 })
        try await both.stop()
    }

    @Test("what is said while a client is away reaches it when it comes back")
    func offlineSession() async throws {
        let heard = Recorder<String>()
        func agent() -> BusHarness {
            BusHarness(settings, id: "agent") { bus in
                bus.subscribe(to: TopicFilter("down/agent/#")) {
                    heard.append(String(decoding: $0.payload, as: UTF8.self))
                }
            }
        }
        let first = agent()
        try await first.connected()
        try await first.stop()
        let speaker = BusHarness(settings, id: "speaker")
        try await speaker.connected()
        for number in 1...3 {
            try await speaker.bus.publish(Message(topic: "down/agent/ack", payload: Data("\(number)".utf8)))
        }

        let second = agent()
        try await second.connected()

        #expect(await eventually { heard.count == 3 })
        #expect(heard.all == ["1", "2", "3"])
        try await second.stop()
        try await speaker.stop()
    }

    @Test("a thousand messages at once are all acknowledged, and never more than twenty are on their way")
    func manyAtOnce() async throws {
        let heard = Recorder<String>()
        let listener = BusHarness(settings, id: "listener") { bus in
            bus.subscribe(to: TopicFilter("many/+")) { heard.append($0.topic) }
        }
        let speaker = BusHarness(settings, id: "speaker")
        try await listener.connected()
        try await speaker.connected()

        try await withThrowingTaskGroup { group in
            for number in 0..<1000 {
                group.addTask {
                    try await speaker.bus.publish(Message(topic: "many/\(number)", payload: Data(count: 500)))
                }
            }
            try await group.waitForAll()
        }

        #expect(speaker.bus.counters.published == 1000)
        #expect(speaker.bus.counters.mostInFlight == 20)
        #expect(await eventually { heard.count == 1000 })
        #expect(Set(heard.all).count == 1000)
        try await listener.stop()
        try await speaker.stop()
    }

    @Test("publishing wakes the network thread: a hundred acknowledged messages one after the other take no second")
    func latency() async throws {
        let speaker = BusHarness(settings, id: "speaker")
        try await speaker.connected()

        let time = try await ContinuousClock().measure {
            for _ in 0..<100 { try await speaker.bus.publish(Message(topic: "quick", payload: Data(count: 100))) }
        }

        // A thread that only looked at its queue when its wait ran out would need 100 s.
        #expect(time < .seconds(50), "\(time)")
        try await speaker.stop()
    }

    @Test("a message over the limit is refused before anything is sent")
    func oversize() async throws {
        var settings = settings
        settings.maximumPayloadBytes = 1000
        let speaker = BusHarness(settings, id: "speaker")
        try await speaker.connected()

        try await speaker.bus.publish(Message(topic: "big", payload: Data(count: 1000)))
        let error = await busError { () throws(BusError) in
            try await speaker.bus.publish(Message(topic: "big", payload: Data(count: 1001)))
        }

        #expect(error == .tooLarge(bytes: 1001, limit: 1000))
        #expect(speaker.bus.counters.oversize == 1)
        try await speaker.stop()
    }

    @Test(
        "sizes around the broker's own limit are sent or refused, and never end the process",
        arguments: [nil, 60] as [UInt32?])
    func brokerLimit(expirySeconds: UInt32?) async throws {
        let strict = try MosquittoBroker(adding: ["max_packet_size 1000"])
        let speaker = BusHarness(.local(strict.port), id: "speaker")
        try await speaker.connected()
        var refused = 0

        for bytes in 960...1010 {
            let error = await busError { () throws(BusError) in
                try await speaker.bus.publish(
                    Message(topic: "edge", payload: Data(count: bytes), expirySeconds: expirySeconds))
            }
            if let error {
                #expect(error == .tooLarge(bytes: bytes, limit: 1000))
                refused += 1
            }
        }

        #expect((20...35).contains(refused), "\(refused)")
        #expect(speaker.isConnected)
        #expect(speaker.bus.counters.connections == 1)
        try await speaker.stop()
    }

    @Test("a message over the receiver's limit is dropped and counted, and the next one arrives")
    func oversizeReceived() async throws {
        let heard = Recorder<Int>()
        var narrow = settings
        narrow.maximumPayloadBytes = 100
        let listener = BusHarness(narrow, id: "listener") { bus in
            bus.subscribe(to: TopicFilter("size")) { heard.append($0.payload.count) }
        }
        let speaker = BusHarness(settings, id: "speaker")
        try await listener.connected()
        try await speaker.connected()

        try await speaker.bus.publish(Message(topic: "size", payload: Data(count: 101)))
        try await speaker.bus.publish(Message(topic: "size", payload: Data(count: 100)))

        #expect(await eventually { heard.count == 1 })
        #expect(heard.all == [100])
        #expect(listener.bus.counters.oversizeReceived == 1)
        try await listener.stop()
        try await speaker.stop()
    }

    @Test("a topic with a wildcard, or none, is refused with its name", arguments: ["a/+/b", "a/#", "a\0b", ""])
    func badTopic(topic: String) async throws {
        let speaker = BusHarness(settings, id: "speaker")
        try await speaker.connected()

        let error = await busError { () throws(BusError) in
            try await speaker.bus.publish(Message(topic: topic, payload: Data()))
        }

        #expect(error == .transport("\"\(topic)\" is not a topic a message can have"))
        #expect(speaker.isConnected)
        try await speaker.stop()
    }

    @Test("the will is published after its delay when a client vanishes, and not when it says goodbye")
    func will() async throws {
        let proxy = try TCPProxy(to: broker.port)
        let heard = Recorder<Message>()
        let listener = BusHarness(settings, id: "listener") { bus in
            bus.subscribe(to: TopicFilter("up/+/presence")) { heard.append($0) }
        }
        try await listener.connected()
        func client(_ name: String, _ port: Int) -> BusHarness {
            let message = Message(topic: "up/\(name)/presence", payload: Data("offline".utf8), isRetained: true)
            return BusHarness(.local(port), id: name, will: Will(message: message, delaySeconds: 1))
        }
        let polite = client("polite", broker.port)
        let vanishing = client("vanishing", proxy.port)
        try await polite.connected()
        try await vanishing.connected()
        try await polite.stop()

        proxy.refuse()
        proxy.cut()

        #expect(await eventually { heard.count > 0 })
        #expect(heard.all == [Message(topic: "up/vanishing/presence", payload: Data("offline".utf8))])
        try await vanishing.stop()
        try await listener.stop()
    }

    @Test("two clients under one name evict each other ever more slowly, not without a pause")
    func takenOver() async throws {
        var settings = settings
        settings.maximumReconnectDelay = .seconds(60)
        let first = BusHarness(settings, id: "same")
        try await first.connected()

        let second = BusHarness(settings, id: "same")
        #expect(await eventually { first.bus.counters.reconnects > 0 && second.bus.counters.reconnects > 0 })
        try await Task.sleep(for: .seconds(1))

        // Bounds of 20, 40, 80, 160, 320, 640 … ms: in some two seconds there is no room for many.
        #expect(first.bus.counters.reconnects + second.bus.counters.reconnects < 24)
        try await first.stop()
        try await second.stop()
    }

    @Test("a process with more than 1024 open descriptors can still talk to its broker")
    func manyDescriptors() async throws {
        var limit = rlimit()
        try #require(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
        limit.rlim_cur = min(limit.rlim_max, max(limit.rlim_cur, 4096))
        try #require(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
        let descriptors = (0..<1100).map { _ in open("/dev/null", O_RDONLY | O_CLOEXEC) }
        defer { for descriptor in descriptors { close(descriptor) } }
        try #require((descriptors.max() ?? 0) > 1024)

        let speaker = BusHarness(settings, id: "speaker")
        try await speaker.connected()

        try await speaker.bus.publish(Message(topic: "high", payload: Data()))
        try await speaker.stop()
    }

    @Test("a bus runs once, and after its end publishes nothing")
    func runsOnce() async throws {
        let speaker = BusHarness(settings, id: "speaker")
        try await speaker.connected()
        try await speaker.stop()

        await #expect(throws: BusError.transport("a bus can be run once")) { try await speaker.bus.run() }
        await #expect(throws: BusError.notConnected) {
            try await speaker.bus.publish(Message(topic: "late", payload: Data()))
        }
        #expect(speaker.states.all.last == .disconnected(reason: "stopped"))
    }
}
