// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Decides when a message arrives, and how often: never, once or twice.
struct SimulatedNetwork {
    private let rates: FaultRates
    private var generator: SeededGenerator
    /// Messages sent, lost and repeated so far.
    private(set) var sent = 0
    private(set) var lost = 0
    private(set) var repeated = 0

    init(rates: FaultRates, seed: UInt64) {
        self.rates = rates
        generator = SeededGenerator(seed: seed)
    }

    /// The delays, in milliseconds, after which copies of a message arrive.
    ///
    /// - Parameter latency: the receiver's usual delay in milliseconds; a message takes up to twice as long.
    mutating func deliver(latency: Int64) -> [Int64] {
        sent += 1
        if chance(rates.loss) {
            lost += 1
            return []
        }
        let first = delay(latency)
        guard chance(rates.repetition) else { return [first] }
        repeated += 1
        return [first, first + delay(latency)]
    }

    /// Whether something of this probability happens.
    mutating func chance(_ probability: Double) -> Bool { probability > 0 && generator.uniform() < probability }

    /// A number evenly spread over [0, 1).
    mutating func uniform() -> Double { generator.uniform() }

    // Latency is at most seconds, so the product converts.
    private mutating func delay(_ latency: Int64) -> Int64 { latency + Int64(Double(latency) * generator.uniform()) }
}
