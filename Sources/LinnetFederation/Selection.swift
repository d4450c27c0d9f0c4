// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Chooses who is asked to take part in a round.
///
/// More agents are asked than are needed, because some will not answer: with a goal of 100 and an over-selection of 1.3,
/// 130 are asked, and the round may end with the first 100 (Bonawitz et al. 2019, arXiv 1902.01046, sections 2.2 and 9).
public struct Selection: Sendable, Equatable {
    /// Updates with which a round is full.
    public let goal: Int
    /// How many agents are asked for each update that is wanted, at least 1.
    public let overSelection: Double

    /// - Parameters:
    ///   - goal: at least 1.
    ///   - overSelection: finite, 1 to 100.
    public init(goal: Int, overSelection: Double) {
        precondition(goal >= 1, "a round's goal is at least 1, got \(goal)")
        precondition((1...100).contains(overSelection), "over-selection is 1 to 100, got \(overSelection)")
        self.goal = goal
        self.overSelection = overSelection
    }

    /// How many of `ready` agents are asked.
    public func count(of ready: Int) -> Int {
        // Compared as Double first: the product may be more than an Int can hold.
        let wanted = (Double(goal) * overSelection).rounded(.up)
        return wanted >= Double(ready) ? max(0, ready) : Int(wanted)
    }

    /// Draws the agents to ask, each with the same chance.
    ///
    /// - Returns: their names in order, none twice. The same seed and the same set of agents give the same names, in
    ///   whatever order `ready` lists them.
    public func select(from ready: [AgentID], using generator: inout some RandomNumberGenerator) -> [AgentID] {
        var pool = Set(ready).sorted()
        let count = count(of: pool.count)
        // The first steps of Fisher and Yates; written out, since the library's `shuffled` may change between versions.
        for position in 0..<count {
            let (offset, _) = generator.next().multipliedFullWidth(by: UInt64(pool.count - position))
            pool.swapAt(position, position + Int(offset))
        }
        return pool[..<count].sorted()
    }
}
