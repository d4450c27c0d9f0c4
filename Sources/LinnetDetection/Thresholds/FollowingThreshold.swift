// SPDX-License-Identifier: Apache-2.0

/// A threshold that follows drift: a multiple of a high quantile of the last scores, each of which counts for no more than
/// a multiple of the level it was held against.
///
/// A machine whose work changes is not alarmed for ever, as it would be against a level fixed once. Clipped, a fault can
/// lift the level only by a bounded rate (the idea of DSPOT, Siffer et al. 2017, which leaves alarmed scores out), and the
/// level never falls below a share of the one that was learned.
public struct FollowingThreshold: Sendable, Hashable, Codable {
    public let quantile: Double
    public let margin: Double
    public let clip: Double
    private let least: Double
    /// The last scores in the order they came, a ring; and the same, sorted.
    private var ring: [Double]
    private var oldest = 0
    private var sorted: [Double]
    private let span: Int
    /// The level in force for the next score.
    public private(set) var level: Double

    /// - Parameters:
    ///   - scores: normal scores to begin with, oldest first, at least 20.
    ///   - quantile: 0.5 to 1.
    ///   - margin: what the quantile is multiplied by, at least 1.
    ///   - clip: how many levels a score may count for, at least 1; at 1 with a margin of 1 the level never rises.
    ///   - span: how many of the last scores it looks at, at least 20.
    ///   - floor: the share of the first level below which it does not fall, 0 to 1.
    /// - Throws: ``DetectionError/tooFewWindows(found:needed:)``.
    public init(
        fitting scores: [Double], quantile: Double, margin: Double, clip: Double, span: Int, floor: Double
    ) throws(DetectionError) {
        let finite = scores.filter(\.isFinite)
        guard finite.count >= QuantileThreshold.minimumScores else {
            throw .tooFewWindows(found: finite.count, needed: QuantileThreshold.minimumScores)
        }
        self.quantile = min(max(quantile, 0.5), 1)
        self.margin = max(1, margin)
        self.clip = max(1, clip)
        self.span = max(QuantileThreshold.minimumScores, span)
        ring = Array(finite.suffix(self.span))
        sorted = ring.sorted()
        level = self.margin * QuantileThreshold.quantile(self.quantile, of: finite.sorted())
        least = level * min(max(floor, 0), 1)
        updateLevel()
    }

    /// Takes in the next score; answers the level it is held against, which no later score has a part in.
    public mutating func handle(_ score: Double) -> Double {
        let inForce = level
        let most = inForce * clip
        let clipped = score < most ? score : most
        if ring.count < span {
            ring.append(clipped)
        } else {
            let gone = ring[oldest]
            ring[oldest] = clipped
            oldest = (oldest + 1) % span
            sorted.remove(at: Self.position(of: gone, in: sorted))
        }
        sorted.insert(clipped, at: Self.position(of: clipped, in: sorted))
        updateLevel()
        return inForce
    }

    private mutating func updateLevel() {
        level = max(least, margin * QuantileThreshold.quantile(quantile, of: sorted))
    }

    /// The first position whose value is not below `value`.
    private static func position(of value: Double, in sorted: [Double]) -> Int {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
