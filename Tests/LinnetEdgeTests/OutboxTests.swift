// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import LinnetDomain
import LinnetEdge
import LinnetMessaging
import LinnetTestKit
import Testing

@Suite("The outbox")
struct OutboxTests {
    @Test("L-2 an event goes only when the coordinator has acknowledged its number")
    func acknowledgement() async throws {
        let directory = try TemporaryDirectory()
        let store = try Fixtures.store(directory)
        var numbers: [Int64] = []
        for number in 1...5 {
            numbers.append(try await store.commit(Fixtures.event(number), alarmState: Data(), at: Fixtures.start))
        }

        #expect(try await store.acknowledge(through: numbers[0] - 1) == 0)
        #expect(try await store.acknowledge(through: numbers[2]) == 3)
        #expect(try await store.acknowledge(through: numbers[2]) == 0)

        #expect(try await store.outbox(after: 0, limit: 10).map(\.sequence) == Array(numbers[3...]))
        #expect(try await store.outboxStatus() == .init(depth: 2, oldest: numbers[3], dropped: 0))
        // The ledger keeps what the outbox lets go.
        #expect(try await store.alarmCounts() == [Fixtures.device: 5])
    }

    @Test("numbers are not used again after everything was acknowledged")
    func numbersRise() async throws {
        let directory = try TemporaryDirectory()
        let store = try Fixtures.store(directory)
        let first = try await store.commit(Fixtures.event(1), alarmState: Data(), at: Fixtures.start)
        try await store.acknowledge(through: first)

        let reopened = try Fixtures.store(directory)
        let second = try await reopened.commit(Fixtures.event(2), alarmState: Data(), at: Fixtures.start)
        #expect(second == first + 1)
    }

    @Test("full, it drops the oldest message that an alarm has cleared, then the oldest of all, and counts each")
    func bounds() async throws {
        let directory = try TemporaryDirectory()
        let store = try Fixtures.store(directory, EdgeStoreLimits(maximumEvents: 4))
        for (number, revision) in [(1, 1), (1, 2), (2, 1), (2, 2)] {
            try await store.commit(Fixtures.event(number, revision: revision), alarmState: Data(), at: Fixtures.start)
        }

        func waiting() async throws -> [String] {
            try await store.outbox(after: 0, limit: 10).map { entry in
                let number = (1...9).first { Fixtures.id($0) == entry.event.id }
                return "\(number ?? 0).\(entry.event.revision)"
            }
        }
        try await store.commit(Fixtures.event(3), alarmState: Data(), at: Fixtures.start)
        #expect(try await waiting() == ["1.1", "2.1", "2.2", "3.1"])
        try await store.commit(Fixtures.event(4), alarmState: Data(), at: Fixtures.start)
        #expect(try await waiting() == ["1.1", "2.1", "3.1", "4.1"])
        try await store.commit(Fixtures.event(5), alarmState: Data(), at: Fixtures.start)
        #expect(try await waiting() == ["2.1", "3.1", "4.1", "5.1"])

        #expect(try await Fixtures.store(directory).outboxStatus().dropped == 3)
    }

    @Test("a limit that was lowered is met with the next event")
    func loweredLimit() async throws {
        let directory = try TemporaryDirectory()
        let wide = try Fixtures.store(directory)
        for number in 1...20 { try await wide.commit(Fixtures.event(number), alarmState: Data(), at: Fixtures.start) }

        let narrow = try Fixtures.store(directory, EdgeStoreLimits(maximumEvents: 5))
        try await narrow.commit(Fixtures.event(21), alarmState: Data(), at: Fixtures.start)

        #expect(try await narrow.outboxStatus().depth == 5)
        #expect(try await narrow.outboxStatus().dropped == 16)
    }

    @Test("L-8 a row that can not be read any more is dropped and counted, and does not hold up the others")
    func damagedRow() async throws {
        let directory = try TemporaryDirectory()
        let store = try Fixtures.store(directory)
        for number in 1...3 { try await store.commit(Fixtures.event(number), alarmState: Data(), at: Fixtures.start) }
        let other = try DatabaseQueue(path: directory.path(EdgeStore.fileName))
        try await other.write { db in
            try db.execute(sql: "UPDATE outbox SET payload = x'7b22' WHERE event = ?", arguments: [Fixtures.id(1).text])
        }

        #expect(try await store.outbox(after: 0, limit: 10).map(\.event.id) == [Fixtures.id(2), Fixtures.id(3)])
        #expect(try await store.outboxStatus().depth == 2)
        #expect(try await store.outboxStatus().dropped == 1)
    }
}

@Suite("Delivery of events")
struct OutboxDeliveryTests {
    private func entries(_ numbers: ClosedRange<Int64>, writtenAt time: Timestamp = Fixtures.start) -> [OutboxEntry] {
        numbers.map { OutboxEntry(sequence: $0, event: Fixtures.event(Int($0)), writtenAt: time) }
    }

    @Test("nothing goes out without a connection")
    func notConnected() {
        let delivery = OutboxDelivery()
        #expect(delivery.due(entries(1...3), uptime: 0, now: Fixtures.start).isEmpty)
    }

    @Test("events go in order, with the lowest number that still waits")
    func order() {
        var delivery = OutboxDelivery()
        delivery.connectionChanged(isConnected: true)

        let due = delivery.due(entries(5...7), uptime: 0, now: Fixtures.start)

        #expect(due.map(\.sequence) == [5, 6, 7])
        #expect(due.allSatisfy { $0.oldest == 5 && !$0.historical })
    }

    @Test("at most twenty are under way")
    func window() {
        var delivery = OutboxDelivery()
        delivery.connectionChanged(isConnected: true)
        #expect(delivery.due(entries(1...100), uptime: 0, now: Fixtures.start).count == 20)
    }

    @Test("what is sent is due again after 5, 10, 20, 40 and then every 60 seconds, as history")
    func timeouts() {
        var delivery = OutboxDelivery()
        delivery.connectionChanged(isConnected: true)
        var uptime: Int64 = 0
        for seconds in [5, 10, 20, 40, 60, 60] as [Int64] {
            delivery.sent(1, uptime: uptime)
            #expect(delivery.due(entries(1...1), uptime: uptime + seconds * 1000 - 1, now: Fixtures.start).isEmpty)
            uptime += seconds * 1000
            #expect(delivery.due(entries(1...1), uptime: uptime, now: Fixtures.start).map(\.historical) == [true])
        }
    }

    @Test("after a reconnect all that is not acknowledged goes out at once")
    func reconnect() {
        var delivery = OutboxDelivery()
        delivery.connectionChanged(isConnected: true)
        for number in 1...3 as ClosedRange<Int64> { delivery.sent(number, uptime: 0) }
        delivery.acknowledged(through: 1)
        delivery.connectionChanged(isConnected: false)
        #expect(delivery.due(entries(2...3), uptime: 1, now: Fixtures.start).isEmpty)
        delivery.connectionChanged(isConnected: true)
        #expect(delivery.due(entries(2...3), uptime: 1, now: Fixtures.start).map(\.historical) == [true, true])
    }

    @Test("an event written more than a minute ago is history when it first goes out")
    func history() {
        var delivery = OutboxDelivery()
        delivery.connectionChanged(isConnected: true)
        let due = delivery.due(entries(1...1), uptime: 0, now: Fixtures.start.adding(milliseconds: 60_001))
        #expect(due.map(\.historical) == [true])
    }
}

@Suite("The courier")
struct CourierTests {
    private struct Rig {
        let directory: TemporaryDirectory
        let store: EdgeStore
        let bus = InMemoryBus()
        let clock = TestClock()
        let courier: Courier

        init() throws {
            directory = try TemporaryDirectory()
            store = try Fixtures.store(directory)
            courier = Courier(
                agent: Fixtures.agent, topics: TopicScheme(), store: store, bus: bus, clock: clock.clock,
                logger: Fixtures.quiet)
        }

        /// The numbers of all messages that went out so far, in order.
        func sent() throws -> [Int64] {
            try bus.published.map { try Wire.decode(AnomalyMessage.self, from: $0.payload).sequence }
        }

        func commit(_ numbers: ClosedRange<Int>) async throws {
            for number in numbers {
                try await store.commit(Fixtures.event(number), alarmState: Data(), at: clock.clock.now())
                await courier.eventCommitted()
            }
        }
    }

    @Test("L-3 events of an outage wait, and go out in order once there is a connection, window by window")
    func drain() async throws {
        let rig = try Rig()
        rig.bus.setConnected(false)
        try await rig.commit(1...50)
        try await rig.courier.sendDue()
        #expect(try rig.sent().isEmpty)

        rig.bus.setConnected(true)
        await rig.courier.connectionChanged(isConnected: true)
        try await rig.courier.sendDue()
        let first = try rig.sent()
        #expect(first.count == 20)
        // The coordinator acknowledges what it has stored, a window at a time.
        while let last = try rig.sent().last, try await rig.courier.status().depth > 0 {
            try await rig.courier.acknowledged(through: last)
            try await rig.courier.sendDue()
        }

        let all = try rig.sent()
        #expect(all == Array(first[0]..<first[0] + 50))
        #expect(try await rig.courier.status().depth == 0)
    }

    @Test("without an acknowledgement an event goes out again, marked as history, under the same number and id")
    func again() async throws {
        let rig = try Rig()
        await rig.courier.connectionChanged(isConnected: true)
        try await rig.commit(1...1)
        try await rig.courier.sendDue()
        rig.clock.advance(milliseconds: 4999)
        try await rig.courier.sendDue()
        #expect(rig.bus.published.count == 1)
        rig.clock.advance(milliseconds: 1)
        try await rig.courier.sendDue()

        let messages = try rig.bus.published.map { try Wire.decode(AnomalyMessage.self, from: $0.payload) }
        #expect(messages.map(\.historical) == [false, true])
        #expect(Set(messages.map(\.event.id)).count == 1)
        #expect(Set(messages.map(\.sequence)).count == 1)
    }

    @Test("a message that the broker loses with the connection is due again at the next one")
    func lostWithConnection() async throws {
        let rig = try Rig()
        await rig.courier.connectionChanged(isConnected: true)
        rig.bus.setConnected(false)
        try await rig.commit(1...3)
        try await rig.courier.sendDue()
        #expect(rig.bus.published.isEmpty)
        await rig.courier.connectionChanged(isConnected: false)

        rig.bus.setConnected(true)
        await rig.courier.connectionChanged(isConnected: true)
        try await rig.courier.sendDue()
        #expect(rig.bus.published.count == 3)
    }

    @Test("an acknowledgement beyond what was ever sent lets go of what is there, and nothing else happens")
    func acknowledgedTooFar() async throws {
        let rig = try Rig()
        try await rig.commit(1...3)
        try await rig.courier.acknowledged(through: .max)
        try await rig.courier.acknowledged(through: .min)
        #expect(try await rig.courier.status().depth == 0)
    }
}
