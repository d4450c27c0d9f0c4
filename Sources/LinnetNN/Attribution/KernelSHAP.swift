// SPDX-License-Identifier: Apache-2.0
//
// M players, a coalition z of s of them, worth v(z).  φ [M] with sum φ = v(all) - v(none) minimizes
//   sum over coalitions of w(z) (v(z) - v(none) - sum of φ_i, i in z)^2,   w(z) = (M-1) / (C(M,s) s (M-s))
// (Lundberg and Lee 2017, theorem 2). φ_M is put in from the constraint; what is left are M-1 normal equations.

import LinnetNumerics

/// Shares a worth out among players by their Shapley values: by what each adds to a coalition of others, in the mean over
/// all orders in which they could have come.
///
///     let shares = KernelSHAP().values(players: 8, seed: 1) { present in score(of: window, with: present) }
///
/// It asks nothing of the function, so it explains any model. With all coalitions the values are exact; with more than
/// `maximumCoalitions` those that weigh most are all taken, and of the others pairs of complements are drawn.
public struct KernelSHAP: Sendable {
    /// Most coalitions whose worth is asked for, besides nobody and everybody; at least 2 for each player are taken.
    public var maximumCoalitions: Int

    /// Up to 11 players are exact.
    public init(maximumCoalitions: Int = 2048) { self.maximumCoalitions = max(2, maximumCoalitions) }

    /// - Parameters:
    ///   - players: M, at least 1.
    ///   - seed: decides which coalitions are drawn, where not all are taken.
    ///   - worth: of a coalition, `[M]` telling who is in it; finite.
    /// - Returns: one value for each player; their sum is the worth of all less that of nobody. All alike where a worth is
    ///   not finite.
    public func values(players: Int, seed: UInt64, worth: ([Bool]) -> Double) -> [Double] {
        precondition(players >= 1, "there must be at least one player")
        let nobody = worth([Bool](repeating: false, count: players))
        let total = worth([Bool](repeating: true, count: players)) - nobody
        guard players > 1 else { return [total] }
        var equations = NormalEquations(unknowns: players - 1)
        forEachCoalition(of: players, seed: seed) { present, weight in
            let last = present[players - 1] ? 1.0 : 0.0
            let row = (0..<players - 1).map { (present[$0] ? 1 : 0) - last }
            equations.add(row, equals: worth(present) - nobody - last * total, weight: weight)
        }
        guard let values = equations.solution() else {
            return [Double](repeating: total / Double(players), count: players)
        }
        return values + [total - values.reduce(0, +)]
    }

    /// Calls `body` with coalitions and their weights, sizes 1 and M-1 first, then 2 and M-2, as far as all of a size fit.
    private func forEachCoalition(of players: Int, seed: UInt64, _ body: ([Bool], _ weight: Double) -> Void) {
        var left = max(maximumCoalitions, 2 * players)
        var size = 1
        while size <= players / 2 {
            let isMiddle = 2 * size == players
            guard let count = Self.combinations(players, size, atMost: left) else { break }
            guard (isMiddle ? count : 2 * count) <= left else { break }
            let weight = Self.weight(of: size, players) / Double(count)
            Self.forEachSubset(of: players, size: size) { present in
                body(present, weight)
                if !isMiddle { body(present.map { !$0 }, weight) }
            }
            left -= isMiddle ? count : 2 * count
            size += 1
        }
        guard size <= players / 2 else { return }
        drawCoalitions(of: players, from: size, pairs: max(1, left / 2), seed: seed, body)
    }

    /// Draws coalitions of `smallest` to M - `smallest` players, each with its complement.
    private func drawCoalitions(
        of players: Int, from smallest: Int, pairs: Int, seed: UInt64, _ body: ([Bool], _ weight: Double) -> Void
    ) {
        var generator = SeededGenerator(seed: seed)
        let sizes = Array(smallest...players - smallest)
        let weights = sizes.map { Self.weight(of: $0, players) }
        let total = weights.reduce(0, +)
        var order = (0..<Int32(players)).map { $0 }
        for _ in 0..<pairs {
            var rest = generator.uniform() * total
            var size = sizes[sizes.count - 1]
            for (candidate, weight) in zip(sizes, weights) {
                rest -= weight
                if rest < 0 {
                    size = candidate
                    break
                }
            }
            generator.shuffle(&order)
            var present = [Bool](repeating: false, count: players)
            for player in order.prefix(size) { present[Int(player)] = true }
            body(present, total / Double(2 * pairs))
            body(present.map { !$0 }, total / Double(2 * pairs))
        }
    }

    /// The weight of all coalitions of a size together.
    private static func weight(of size: Int, _ players: Int) -> Double {
        Double(players - 1) / (Double(size) * Double(players - size))
    }

    /// How many coalitions of a size there are; `nil` if more than are wanted.
    private static func combinations(_ players: Int, _ size: Int, atMost limit: Int) -> Int? {
        var count = 1
        for i in 0..<size {
            let (product, overflows) = count.multipliedReportingOverflow(by: players - i)
            guard !overflows else { return nil }
            // Exact: the product of i + 1 successive numbers is a multiple of (i + 1)!.
            count = product / (i + 1)
            guard count <= limit else { return nil }
        }
        return count
    }

    private static func forEachSubset(of players: Int, size: Int, _ body: ([Bool]) -> Void) {
        var members = Array(0..<size)
        while true {
            var present = [Bool](repeating: false, count: players)
            for member in members { present[member] = true }
            body(present)
            guard let place = members.indices.last(where: { members[$0] < players - size + $0 }) else { return }
            members[place] += 1
            for later in members.indices where later > place { members[later] = members[later - 1] + 1 }
        }
    }
}
