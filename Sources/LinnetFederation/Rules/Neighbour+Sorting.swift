// SPDX-License-Identifier: Apache-2.0

extension PairwiseDistances.Neighbour {
    /// The bytes of a distance; those below it hold the agent.
    private static let digits = 5

    /// Sorts the others of one update, which come in agent order and stay so where they are equally far.
    ///
    /// Digit by digit, the last one first: the others of every update are sorted in each round, and this takes a fraction
    /// of what comparing them does.
    static func sort(_ neighbours: inout [Self]) {
        // Below, counting digits takes longer than the comparisons.
        guard neighbours.count >= 64 else { return neighbours.sort() }
        var places = [Int](repeating: 0, count: digits << 8)
        for neighbour in neighbours {
            for digit in 0..<digits { places[neighbour.bucket(digit)] += 1 }
        }
        var sorted = neighbours
        for digit in 0..<digits where places[neighbours[0].bucket(digit)] < neighbours.count {
            var next = 0
            for bucket in digit << 8..<(digit + 1) << 8 {
                let count = places[bucket]
                places[bucket] = next
                next += count
            }
            for neighbour in neighbours {
                let bucket = neighbour.bucket(digit)
                sorted[places[bucket]] = neighbour
                places[bucket] += 1
            }
            swap(&neighbours, &sorted)
        }
    }

    /// Where a digit is counted: 256 places for each digit.
    private func bucket(_ digit: Int) -> Int {
        digit << 8 | Int(truncatingIfNeeded: key >> UInt64(24 + 8 * digit)) & 255
    }
}
