// SPDX-License-Identifier: Apache-2.0

/// A threshold from the extremes of a stream of scores: POT, SPOT and DSPOT (Siffer et al. 2017, algorithms 1 to 3).
///
///     var threshold = try PeaksOverThreshold(fitting: normalScores, probability: 1e-4)
///     let isAnomalous = threshold.handle(score)
///
/// The excesses over the 0.98 quantile `t` follow a generalised Pareto distribution; the level exceeded with probability
/// `q` is `t + (σ/γ)((q n / N_t)^(-γ) - 1)`. A score above it is an alarm and teaches nothing; one between `t` and it is a
/// new peak. With a depth, scores are taken relative to the mean of the last calm ones, so that the level follows drift.
public struct PeaksOverThreshold: Sendable, Hashable, Codable {
    /// Where peaks begin, as a quantile of the first scores.
    public static let peakQuantile = 0.98
    /// Most peaks kept, the newest; and how many new ones ask for a new fit, because a fit reads them all.
    static let maximumPeaks = 1000
    static let peaksBetweenFits = 8

    /// The probability that a normal score is above the level.
    public let probability: Double
    /// Calm scores whose mean is taken away; 0 takes nothing away.
    public let depth: Int
    /// The level that scores, less the mean of the last calm ones, are held against.
    public private(set) var level: Double

    private let start: Double
    private var peaks: [Double]
    private var tail: GeneralizedPareto
    private var seen: Int
    private var peaksSeen: Int
    private var recent: [Double] = []
    private var oldest = 0

    /// - Parameters:
    ///   - scores: normal scores, in the order of time; at least 20 and more than twice the depth.
    ///   - probability: above 0, below 0.02.
    /// - Throws: ``DetectionError/tooFewWindows(found:needed:)``.
    public init(fitting scores: [Double], probability: Double, depth: Int = 0) throws(DetectionError) {
        let finite = scores.filter(\.isFinite)
        let depth = max(0, depth)
        let needed = max(QuantileThreshold.minimumScores, 2 * depth + 1)
        guard finite.count >= needed else { throw .tooFewWindows(found: finite.count, needed: needed) }
        self.probability = min(max(probability, 1e-12), 1 - Self.peakQuantile)
        self.depth = depth
        var relative: [Double] = []
        if depth > 0 {
            recent = Array(finite[..<depth])
            for score in finite[depth...] {
                relative.append(score - recent.reduce(0, +) / Double(depth))
                recent[oldest] = score
                oldest = (oldest + 1) % depth
            }
        } else {
            relative = finite
        }
        let sorted = relative.sorted()
        start = QuantileThreshold.quantile(Self.peakQuantile, of: sorted)
        let start = start
        peaks = relative.filter { $0 > start }.map { $0 - start }
        seen = relative.count
        peaksSeen = peaks.count
        // Without a single peak all scores are alike; the least excess is as good as any.
        tail = GeneralizedPareto(fitting: peaks) ?? GeneralizedPareto(shape: 0, scale: max(1e-12, abs(start) * 1e-6))
        level = start
        updateLevel()
    }

    /// The threshold in the units of the scores.
    public var threshold: Double { level + base }

    private var base: Double { depth > 0 ? recent.reduce(0, +) / Double(depth) : 0 }

    /// Takes in the next score; answers whether it is anomalous. A score that is not a number is.
    public mutating func handle(_ score: Double) -> Bool {
        let relative = score - base
        guard relative <= level else { return true }
        seen += 1
        if relative > start { addPeak(relative - start) }
        if depth > 0 {
            recent[oldest] = score
            oldest = (oldest + 1) % depth
        }
        updateLevel()
        return false
    }

    private mutating func addPeak(_ excess: Double) {
        peaksSeen += 1
        peaks.append(excess)
        if peaks.count > Self.maximumPeaks { peaks.removeFirst() }
        if peaksSeen.isMultiple(of: Self.peaksBetweenFits), let fitted = GeneralizedPareto(fitting: peaks) {
            tail = fitted
        }
    }

    private mutating func updateLevel() {
        let share = probability * Double(seen) / Double(max(1, peaksSeen))
        let excess = tail.level(exceededWith: min(1, share))
        level = excess.isFinite ? start + max(0, excess) : start
    }
}
