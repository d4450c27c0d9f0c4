// SPDX-License-Identifier: Apache-2.0

/// VUS-ROC and VUS-PR: ROC and PR areas that forgive a detector a few rows at the edges of an event, averaged over how
/// many (Paparrizos et al. 2022, "Volume under the surface", section 4; the arithmetic is that of the authors' code).
///
/// For each buffer `w` from 0 to `window`, a row `d` rows beside a labelled run, `1 <= d <= w/2`, is anomalous with weight
/// `sqrt(1 - d/w)`; weights of neighbouring runs add up to at most 1. At thresholds on evenly spaced ranks of the score,
/// with `E` the weights of alarmed buffer rows and `P` labelled rows:
///
///     TP = alarmed labelled rows + E      P' = P + E/2       TPR = min(TP/P', 1) x share of widened runs that were hit
///     FPR = (alarmed - TP) / (n - P')     precision = TP / alarmed
///
/// A random score has a VUS-ROC of about 0.65, not 0.5.
public struct VolumeUnderSurface: Sendable, Hashable, Codable {
    public let roc: Double
    public let pr: Double

    public init(roc: Double, pr: Double) {
        self.roc = roc
        self.pr = pr
    }

    /// The buffer that Linnet's tables use, and the thresholds of the authors' code.
    public static let standardWindow = 100
    public static let standardThresholds = 250

    /// - Parameters:
    ///   - labels: whether each row is anomalous, `[rows]`.
    ///   - scores: higher is more anomalous, none of them NaN, `[rows]`.
    ///   - window: the widest buffer, in rows, at least 0.
    ///   - thresholds: at least 2.
    /// - Returns: `nil` unless there are both anomalous and normal rows.
    /// - Complexity: O(n log n + window · (buffer rows · log thresholds + thresholds)).
    public init?(
        labels: [Bool], scores: [Double], window: Int = standardWindow, thresholds: Int = standardThresholds
    ) {
        precondition(labels.count == scores.count && window >= 0 && thresholds >= 2)
        let runs = Runs.of(labels)
        guard !runs.isEmpty, labels.contains(false) else { return nil }
        let surface = Surface(labels: labels, scores: scores, runs: runs, thresholds: thresholds)
        var (roc, pr) = (0.0, 0.0)
        for buffer in 0...window {
            let area = surface.area(buffer: buffer)
            roc += area.roc
            pr += area.pr
        }
        self.roc = roc / Double(window + 1)
        self.pr = pr / Double(window + 1)
    }
}

/// What does not depend on the buffer: the thresholds and what they alarm.
private struct Surface {
    let labels: [Bool]
    let scores: [Double]
    let runs: [ClosedRange<Int>]
    /// From the highest down; alarmed rows and alarmed labelled rows at each.
    let thresholds: [Double]
    let alarmed: [Int]
    let core: [Int]
    let positives: Int

    init(labels: [Bool], scores: [Double], runs: [ClosedRange<Int>], thresholds count: Int) {
        self.labels = labels
        self.scores = scores
        self.runs = runs
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        let step = Double(order.count - 1) / Double(count - 1)
        var thresholds: [Double] = []
        var alarmed: [Int] = []
        var core: [Int] = []
        var reach = 0
        var found = 0
        for number in 0..<count {
            let rank = number == count - 1 ? order.count - 1 : Int(Double(number) * step)
            let threshold = scores[order[rank]]
            while reach < order.count, scores[order[reach]] >= threshold {
                if labels[order[reach]] { found += 1 }
                reach += 1
            }
            thresholds.append(threshold)
            alarmed.append(reach)
            core.append(found)
        }
        self.thresholds = thresholds
        self.alarmed = alarmed
        self.core = core
        positives = found
    }

    /// The first, highest threshold that alarms a score; scores below all belong to none.
    private func firstThreshold(alarming score: Double) -> Int {
        var (low, high) = (0, thresholds.count)
        while low < high {
            let middle = (low + high) / 2
            if thresholds[middle] <= score { high = middle } else { low = middle + 1 }
        }
        return low
    }

    func area(buffer: Int) -> (roc: Double, pr: Double) {
        let half = buffer / 2
        let extra = weights(buffer: buffer, half: half)
        let hit = hits(half: half)
        let count = Double(labels.count)
        var (roc, pr) = (0.0, 0.0)
        var last = (fpr: 0.0, tpr: 0.0)
        for number in thresholds.indices {
            let found = Double(core[number]) + extra[number]
            let wanted = Double(positives) + extra[number] / 2
            let tpr = min(found / wanted, 1) * hit[number]
            let fpr = (Double(alarmed[number]) - found) / (count - wanted)
            roc += (fpr - last.fpr) * (tpr + last.tpr) / 2
            pr += (tpr - last.tpr) * found / Double(alarmed[number])
            last = (fpr, tpr)
        }
        roc += (1 - last.fpr) * (1 + last.tpr) / 2
        return (roc, pr)
    }

    /// The weights of alarmed buffer rows at each threshold.
    private func weights(buffer: Int, half: Int) -> [Double] {
        var sums = [Double](repeating: 0, count: thresholds.count)
        guard half > 0 else { return sums }
        var weights: [Int: Double] = [:]
        for run in runs {
            for distance in 1...half {
                let weight = (1 - Double(distance) / Double(buffer)).squareRoot()
                for row in [run.lowerBound - distance, run.upperBound + distance]
                where labels.indices.contains(row) && !labels[row] {
                    weights[row] = min(1, (weights[row] ?? 0) + weight)
                }
            }
        }
        // In the order of rows: sums must not depend on a dictionary's.
        for (row, weight) in weights.sorted(by: { $0.key < $1.key }) {
            let first = firstThreshold(alarming: scores[row])
            if first < sums.count { sums[first] += weight }
        }
        for number in sums.indices.dropFirst() { sums[number] += sums[number - 1] }
        return sums
    }

    /// The share of widened runs, merged where they meet, that each threshold hits.
    private func hits(half: Int) -> [Double] {
        var wide: [ClosedRange<Int>] = []
        for run in runs {
            if let last = wide.last, last.upperBound + half >= run.lowerBound - half {
                wide[wide.count - 1] = last.lowerBound...run.upperBound
            } else {
                wide.append(run)
            }
        }
        var sums = [Double](repeating: 0, count: thresholds.count)
        for run in wide {
            let rows = max(0, run.lowerBound - half)...min(labels.count - 1, run.upperBound + half)
            let top = rows.reduce(-Double.infinity) { max($0, scores[$1]) }
            let first = firstThreshold(alarming: top)
            if first < sums.count { sums[first] += 1 }
        }
        for number in sums.indices.dropFirst() { sums[number] += sums[number - 1] }
        return sums.map { $0 / Double(wide.count) }
    }
}
