// SPDX-License-Identifier: Apache-2.0

/// How far each update is from its nearest others: the score of Krum, for all updates or those that are left.
///
/// Blanchard et al. 2017 (arXiv 1703.02757), section 3: `s(i) = Σ ‖x_i - x_j‖²` over the `n - f - 2` nearest j ≠ i.
struct KrumScores {
    /// For each update the others by distance: index and squared distance.
    private var others: [[(index: Int32, distance: Double)]]
    /// The updates that were not removed, in agent order.
    private(set) var remaining: [Int]

    init(_ distances: PairwiseDistances) {
        remaining = Array(0..<distances.count)
        others = remaining.map { i in
            distances.nearest(to: i).dropFirst().map { (Int32($0), distances[i, $0]) }
        }
    }

    /// The score of an update over its `neighbours` nearest.
    func score(_ i: Int, neighbours: Int) -> Double {
        var sum = 0.0
        for other in others[i].prefix(neighbours) { sum += other.distance }
        return sum
    }

    /// The remaining updates from the lowest score to the highest; equal scores in agent order.
    func ranking(neighbours: Int) -> [Int] {
        let scores = remaining.map { (index: $0, score: score($0, neighbours: neighbours)) }
        return scores.sorted { $0.score == $1.score ? $0.index < $1.index : $0.score < $1.score }.map(\.index)
    }

    /// The remaining update with the lowest score.
    func best(neighbours: Int) -> Int? {
        var best: (index: Int, score: Double)?
        for i in remaining {
            let score = score(i, neighbours: neighbours)
            if best.map({ score < $0.score }) ?? true { best = (i, score) }
        }
        return best?.index
    }

    /// Takes an update out: nobody's neighbour any more.
    mutating func remove(_ i: Int) {
        remaining.removeAll { $0 == i }
        for other in remaining { others[other].removeAll { $0.index == Int32(i) } }
    }
}
