// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging
import Synchronization
import Testing

/// Keeps what it is given, from whatever thread.
private final class Log<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])
    var all: [Element] { elements.withLock { $0 } }
    func append(_ element: Element) { elements.withLock { $0.append(element) } }
}

@Suite("The bus in memory")
struct InMemoryBusTests {
    private let bus = InMemoryBus()

    private func message(_ topic: String, _ text: String = "x", isRetained: Bool = false) -> Message {
        Message(topic: topic, payload: Data(text.utf8), isRetained: isRetained)
    }

    @Test("a message reaches each subscription whose filter matches, once")
    func delivery() async throws {
        let one = Log<String>()
        let two = Log<String>()
        bus.subscribe(to: TopicFilter("a/+")) { one.append($0.topic) }
        bus.subscribe(to: TopicFilter("#")) { two.append($0.topic) }

        try await bus.publish(message("a/b"))
        try await bus.publish(message("c"))

        #expect(one.all == ["a/b"])
        #expect(two.all == ["a/b", "c"])
        #expect(bus.published.map(\.topic) == ["a/b", "c"])
    }

    @Test("a retained message waits for those who come later, until an empty one removes it")
    func retained() async throws {
        try await bus.publish(message("a", "1", isRetained: true))
        try await bus.publish(message("a", "2", isRetained: true))
        let late = Log<Message>()
        bus.subscribe(to: TopicFilter("a")) { late.append($0) }

        #expect(late.all.map { String(decoding: $0.payload, as: UTF8.self) } == ["2"])
        #expect(late.all.map(\.wasRetained) == [true])
        try await bus.publish(message("a", "3", isRetained: true))
        #expect(late.all.last?.wasRetained == false)

        try await bus.publish(message("a", "", isRetained: true))
        #expect(bus.retained("a") == nil)
    }

    @Test("without a connection nothing is published, and retained messages come again afterwards")
    func connection() async throws {
        let states = Log<ConnectionState>()
        let received = Log<String>()
        bus.observeConnection { states.append($0) }
        bus.subscribe(to: TopicFilter("a")) { received.append(String(decoding: $0.payload, as: UTF8.self)) }
        try await bus.publish(message("a", "kept", isRetained: true))

        bus.setConnected(false)
        await #expect(throws: BusError.notConnected) { try await bus.publish(message("a", "lost")) }
        bus.setConnected(true)

        #expect(states.all == [.connected, .disconnected(reason: "taken down"), .connected])
        #expect(received.all == ["kept", "kept"])
    }

    @Test("an echo probe finds the filters under which nothing comes back")
    func echoProbe() async throws {
        let filters = [TopicFilter("linnet/v1/up/+/state"), TopicFilter("linnet/v1/down/press-2/#")]
        let probe = EchoProbe(filters: filters)
        // Only the first is subscribed to, as if the broker's rules kept the second one silent.
        bus.subscribe(to: filters[0]) { _ = probe.receive($0) }

        for message in probe.messages { try await bus.publish(message) }

        #expect(probe.silent == [filters[1]])
        #expect(
            probe.messages.map(\.topic) == ["linnet/v1/down/press-2/_echo"])
        #expect(bus.published.map(\.topic).sorted() == ["linnet/v1/down/press-2/_echo", "linnet/v1/up/_echo/state"])
        #expect(bus.published.allSatisfy { !$0.isRetained && $0.expirySeconds == 10 })
    }

    @Test("only probes are taken for probes")
    func noProbe() {
        let probe = EchoProbe(filters: [TopicFilter("linnet/v1/up/+/state")])

        #expect(!probe.receive(message("linnet/v1/up/press-2/state")))
        #expect(!probe.receive(message("linnet/v1/up/_echo2/anomaly/pump_echo")))
        #expect(probe.receive(message("linnet/v1/up/_echo/state")))
        #expect(probe.silent == [])
        #expect(TopicScheme().parse("linnet/v1/up/_echo/state") == nil)
    }
}
