// SPDX-License-Identifier: Apache-2.0

import LinnetMQTT
import LinnetNumerics
import Testing

@Suite("Reconnect delay")
struct ReconnectDelayTests {
    @Test("the bound of the wait doubles with every failure up to the maximum")
    func ceilings() {
        var delay = ReconnectDelay(base: .milliseconds(500), maximum: .seconds(3))
        var generator = SeededGenerator(seed: 1)
        var ceilings: [Duration] = []

        for _ in 0..<6 {
            ceilings.append(delay.ceiling)
            _ = delay.next(using: &generator)
        }

        #expect(ceilings == [0.5, 1, 2, 3, 3, 3].map { .seconds($0) })
    }

    @Test("a wait lies anywhere between nothing and its bound")
    func fullJitter() {
        var generator = SeededGenerator(seed: 7)
        let waits = (0..<1000).map { _ in
            var delay = ReconnectDelay(base: .seconds(1), maximum: .seconds(1))
            return delay.next(using: &generator)
        }

        #expect(waits.allSatisfy { (.zero ... .seconds(1)).contains($0) })
        let lower = waits.count { $0 < .milliseconds(500) }
        #expect((450...550).contains(lower), "\(lower) of 1000 waits in the lower half")
    }

    @Test("equal seeds draw equal waits")
    func isRepeatable() {
        func waits(_ seed: UInt64) -> [Duration] {
            var delay = ReconnectDelay(base: .seconds(1), maximum: .seconds(30))
            var generator = SeededGenerator(seed: seed)
            return (0..<10).map { _ in delay.next(using: &generator) }
        }

        #expect(waits(3) == waits(3))
        #expect(waits(3) != waits(4))
    }

    @Test("a thousand failures do not overflow")
    func manyFailures() {
        var delay = ReconnectDelay(base: .milliseconds(1), maximum: .seconds(86_400))
        var generator = SeededGenerator(seed: 1)

        for _ in 0..<1000 { _ = delay.next(using: &generator) }

        #expect(delay.ceiling == .seconds(86_400))
    }

    @Test("only a connection that held starts the count over")
    func evictionSlowsDown() {
        var delay = ReconnectDelay(base: .milliseconds(500), maximum: .seconds(30))
        var generator = SeededGenerator(seed: 1)
        _ = delay.next(using: &generator)
        _ = delay.next(using: &generator)

        delay.connectionEnded(after: .seconds(1))
        #expect(delay.failures == 2)

        delay.connectionEnded(after: .seconds(31))
        #expect(delay.failures == 0)
    }
}
