// SPDX-License-Identifier: Apache-2.0

import LinnetMQTT
import LinnetMessaging
import LinnetNumerics
import Testing

@Suite("Publish window")
struct PublishWindowTests {
    private func opened(inFlight: Int, waiting: Int) -> PublishWindow<Int> {
        var window = PublishWindow<Int>(maximumInFlight: inFlight, maximumWaiting: waiting)
        window.open()
        return window
    }

    @Test("nothing is taken before the connection is up, nor after it is gone")
    func closedWindow() throws {
        var window = PublishWindow<Int>(maximumInFlight: 2, maximumWaiting: 2)

        #expect(throws: BusError.notConnected) { try window.offer(1) }
        window.open()
        try window.offer(1)
        #expect(window.close() == [1])
        #expect(throws: BusError.notConnected) { try window.offer(2) }
        #expect(window.isEmpty)
    }

    @Test("messages leave in the order they came, as places become free")
    func firstInFirstOut() throws {
        var window = opened(inFlight: 2, waiting: 8)
        for ticket in 1...5 { try window.offer(ticket) }
        var order: [Int] = []
        var identifier: Int32 = 0

        while !window.isEmpty {
            while let ticket = window.next() {
                identifier += 1
                order.append(ticket)
                window.sent(ticket, as: identifier, at: .now)
            }
            #expect(window.inFlight <= 2)
            _ = window.acknowledged(identifier)
            _ = window.acknowledged(identifier - 1)
        }

        #expect(order == [1, 2, 3, 4, 5])
    }

    @Test("room to wait is counted beyond the places that are free")
    func waitingIsBounded() throws {
        var window = opened(inFlight: 2, waiting: 1)
        for ticket in 1...3 { try window.offer(ticket) }

        #expect(throws: BusError.tooManyWaiting(limit: 1)) { try window.offer(4) }
        let next = window.next()
        let first = try #require(next)
        window.sent(first, as: 1, at: .now)
        #expect(throws: BusError.tooManyWaiting(limit: 1)) { try window.offer(4) }
        #expect(window.acknowledged(1) == 1)
        try window.offer(4)
    }

    @Test("a message that could not be sent frees its place")
    func failureFreesPlace() throws {
        var window = opened(inFlight: 1, waiting: 1)
        try window.offer(1)
        try window.offer(2)

        #expect(window.next() == 1)
        #expect(window.next() == nil)
        window.failed()
        #expect(window.next() == 2)
    }

    @Test("an acknowledgement nobody waits for is nobody's")
    func strayAcknowledgement() {
        var window = opened(inFlight: 1, waiting: 1)

        #expect(window.acknowledged(9) == nil)
    }

    @Test("the oldest message in flight is known")
    func oldest() throws {
        var window = opened(inFlight: 3, waiting: 0)
        let start = ContinuousClock.now
        for ticket in 1...3 {
            try window.offer(ticket)
            let next = window.next()
            window.sent(try #require(next), as: Int32(ticket), at: start + .seconds(ticket))
        }

        #expect(window.oldest == start + .seconds(1))
        _ = window.acknowledged(1)
        #expect(window.oldest == start + .seconds(2))
    }

    @Test("at no time is more in flight than allowed, and nothing is lost or answered twice", arguments: 1...20)
    func randomWalk(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var window = opened(inFlight: 4, waiting: 6)
        var taken: Set<Int> = []
        var answered: [Int] = []
        var flying: [Int32] = []
        var identifier: Int32 = 0

        for ticket in 0..<500 {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<5:
                if (try? window.offer(ticket)) != nil { taken.insert(ticket) }
            case 5..<7:
                if let next = window.next() {
                    identifier += 1
                    window.sent(next, as: identifier, at: .now)
                    flying.append(identifier)
                }
            case 7..<9:
                if let flight = flying.randomElement(using: &generator) {
                    flying.removeAll { $0 == flight }
                    let ticket = window.acknowledged(flight)
                    answered.append(try #require(ticket))
                }
            default:
                answered += window.close()
                flying.removeAll()
                window.open()
            }
            #expect(window.inFlight <= 4)
        }
        answered += window.close()

        #expect(answered.count == taken.count, "seed \(seed)")
        #expect(Set(answered) == taken, "seed \(seed)")
    }
}
