// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// How machines of different character come to models of their own: several lineages, each trained by those whom it fits.
///
/// The iterative federated clustering algorithm (IFCA, Ghosh et al. 2020, arXiv 2006.04088, algorithm 1): the server holds
/// k models, each agent trains the one whose loss on its own rows is ``best(of:)``, and each is combined from those who
/// chose it. Models that are drawn at random are all as good as nothing to everybody, so what tells agents apart is where
/// their first training takes them (Briggs et al. 2020, arXiv 2004.11791): ``split(_:into:atLeast:)``.
public enum Lineages {
    /// Most lineages of a cohort: an agent has to download all of them.
    public static let maximum = 8

    /// The lineage with the least loss, the first one of equals; `nil` if no loss is finite.
    public static func best(of losses: [Double]) -> Int? {
        losses.indices.filter { losses[$0].isFinite }.min { (losses[$0], $0) < (losses[$1], $1) }
    }

    /// Whom the best lineage fits worst: the one to begin the next lineage with.
    ///
    /// - Parameter losses: `[members][lineages]`; at least one lineage.
    public static func worstServed(_ losses: [[Double]]) -> Int? {
        let least = losses.map { $0.min() ?? .infinity }
        return least.indices.max { (least[$0], $1) < (least[$1], $0) }
    }

    /// Splits the updates of one round into groups that went different ways.
    ///
    /// The first group begins with the update nearest to the mean, each next one with the update farthest from all that
    /// have begun, and every update goes to the nearest. A beginning that would leave a group with too few is not taken:
    /// one odd agent, or one liar, makes no lineage.
    ///
    /// - Parameters:
    ///   - count: groups, at most.
    ///   - minimum: members of a group, at least.
    /// - Returns: rows of the source, the largest group first; one group where there is nothing to tell apart. The same
    ///   for the same updates, in whatever order they came.
    /// - Throws: ``AggregationError``.
    /// - Complexity: each group that is tried reads all updates once.
    public static func split(
        _ updates: any UpdateSource, into count: Int, atLeast minimum: Int
    ) throws(AggregationError) -> [[Int]] {
        let rows = Array(updates.contributors.indices)
        guard count > 1, rows.count >= 2 * max(1, minimum) else { return [rows] }
        let first = try distances(updates, to: try mean(of: updates))
        guard let start = best(of: first) else { return [rows] }
        var all = [try distances(updates, from: start)]
        var groups = [rows]
        var candidates = Set(rows).subtracting([start])
        for _ in 0..<min(maximumTries, rows.count) where groups.count < count {
            let places = candidates.sorted()
            guard let place = worstServed(places.map { row in all.map { $0[row] } }) else { break }
            let candidate = places[place]
            candidates.remove(candidate)
            guard all.allSatisfy({ $0[candidate] > 0 }) else { break }
            let tried = all + [try distances(updates, from: candidate)]
            let parts = assigned(rows, to: tried)
            guard parts.allSatisfy({ $0.count >= max(1, minimum) }) else { continue }
            (all, groups) = (tried, parts)
        }
        return groups.sorted { ($1.count, $0[0]) < ($0.count, $1[0]) }
    }

    /// Beginnings that are tried, at most.
    private static let maximumTries = 32

    private static func assigned(_ rows: [Int], to distances: [[Double]]) -> [[Int]] {
        var groups = [[Int]](repeating: [], count: distances.count)
        for row in rows { groups[best(of: distances.map { $0[row] }) ?? 0].append(row) }
        return groups
    }

    private static func mean(of updates: any UpdateSource) throws(AggregationError) -> [Double] {
        var sum: [Double] = []
        try updates.readEach { (_, parameters) throws(AggregationError) in
            if sum.isEmpty { sum = [Double](repeating: 0, count: parameters.count) }
            for i in 0..<min(sum.count, parameters.count) { sum[i] += Double(parameters[i]) }
        }
        let count = Double(updates.contributors.count)
        return sum.map { $0 / count }
    }

    private static func distances(
        _ updates: any UpdateSource, from row: Int
    ) throws(AggregationError) -> [Double] {
        var origin: [Double] = []
        try updates.readEach { (at, parameters) throws(AggregationError) in
            if at == row { origin = parameters.values.map(Double.init) }
        }
        return try distances(updates, to: origin)
    }

    /// The distance of every update from a point, `[n]`.
    private static func distances(
        _ updates: any UpdateSource, to point: [Double]
    ) throws(AggregationError) -> [Double] {
        var distances: [Double] = []
        try updates.readEach { (row, parameters) throws(AggregationError) in
            guard parameters.count == point.count else {
                throw .wrongShape(
                    agent: updates.contributors[row].agent, found: parameters.count, expected: point.count)
            }
            distances.append(EuclideanDistance.between(point, parameters))
        }
        return distances
    }
}
