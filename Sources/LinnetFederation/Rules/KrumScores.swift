// SPDX-License-Identifier: Apache-2.0

/// How far each update is from its nearest others: the score of Krum, for all updates or those that are left.
///
/// Blanchard et al. 2017 (arXiv 1703.02757), section 3: `s(i) = Σ ‖x_i - x_j‖²` over the `n - f - 2` nearest j ≠ i.
struct KrumScores {
    private typealias Neighbour = PairwiseDistances.Neighbour

    private let distances: PairwiseDistances
    /// For each update the others that remain, the nearest first.
    private var others: [[Neighbour]]
    /// The updates that were not removed, in agent order.
    private(set) var remaining: [Int]

    init(_ distances: PairwiseDistances) {
        self.distances = distances
        remaining = Array(0..<distances.count)
        others = remaining.map { distances.neighbours(of: $0) }
    }

    /// The score of an update over its `neighbours` nearest.
    func score(_ i: Int, neighbours: Int) -> Double {
        others[i].withUnsafeBufferPointer { others in
            let count = min(neighbours, others.count)
            // Four sums side by side, since one alone would wait for each addition.
            var (sums, next) = (SIMD4<Double>.zero, 0)
            while next + 4 <= count {
                sums += SIMD4(
                    others[next].distance, others[next + 1].distance, others[next + 2].distance,
                    others[next + 3].distance)
                next += 4
            }
            var sum = ((sums[0] + sums[1]) + sums[2]) + sums[3]
            while next < count {
                sum += others[next].distance
                next += 1
            }
            return sum
        }
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
        for other in remaining {
            let gone = distances.neighbour(i, of: other)
            // Where it stands in the sorted list: found by halving, since the list is searched for each update removed.
            var (first, last) = (0, others[other].count)
            while first < last {
                let middle = (first + last) / 2
                if others[other][middle] < gone { first = middle + 1 } else { last = middle }
            }
            others[other].remove(at: first)
        }
    }
}
