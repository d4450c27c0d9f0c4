// SPDX-License-Identifier: Apache-2.0

/// How a device's threshold is found on held-back normal scores, for a wanted rate of false alarms.
public enum ThresholdKind: String, Sendable, Codable, Hashable, CaseIterable {
    /// The scores' own quantile, extended beyond them as an exponential tail; see ``QuantileThreshold``. One parameter: it
    /// does not swing with the few windows that a device has after an hour.
    case quantile
    /// Peaks over threshold, fitted once; see ``PeaksOverThreshold``.
    case pot
    /// The same, and fitted anew as calm scores come.
    case spot
    /// The same, of scores less the mean of the last calm ones: it follows drift.
    case dspot
    /// The score that a share of normal ones is as high as, without any assumption on their tail (Vovk et al. 2005). It can
    /// promise no rate below one in the number of held-back windows, and says so.
    case conformal

    /// Calm scores whose mean ``dspot`` takes away, at most; never more than a quarter of those there are.
    static let depth = 200

    /// Fits it.
    ///
    /// - Parameters:
    ///   - scores: of normal windows, held back from everything else, in the order of time, at least 20.
    ///   - exceedance: the probability that a normal score is above the level.
    /// - Throws: ``DetectionError/tooFewWindows(found:needed:)``.
    public func fit(_ scores: [Double], exceedance: Double) throws(DetectionError) -> FittedThreshold {
        switch self {
        case .quantile:
            return FittedThreshold(
                level: try QuantileThreshold.fit(scores: scores, exceedance: exceedance, isCautious: true),
                exceedance: exceedance)
        case .pot:
            let peaks = try PeaksOverThreshold(fitting: scores, probability: exceedance)
            return FittedThreshold(level: peaks.threshold, exceedance: peaks.probability)
        case .spot, .dspot:
            let depth = self == .spot ? 0 : min(Self.depth, scores.count / 4)
            let peaks = try PeaksOverThreshold(fitting: scores, probability: exceedance, depth: depth)
            return FittedThreshold(level: peaks.threshold, exceedance: peaks.probability, peaks: peaks)
        case .conformal:
            let sorted = scores.filter(\.isFinite).sorted()
            guard sorted.count >= QuantileThreshold.minimumScores else {
                throw .tooFewWindows(found: sorted.count, needed: QuantileThreshold.minimumScores)
            }
            // p = (1 + number as high) / (n + 1), so the least that can be promised is 1 / (n + 1).
            let places = Double(sorted.count + 1)
            let above = max(0, Int((min(1, max(0, exceedance)) * places).rounded(.down)) - 1)
            let index = max(0, sorted.count - 1 - above)
            return FittedThreshold(level: sorted[index], exceedance: Double(above + 1) / places)
        }
    }
}

/// A threshold that was fitted, and what it promises.
public struct FittedThreshold: Sendable, Codable, Hashable {
    /// The level that the next score is held against.
    public var level: Double
    /// The probability that a normal score is above it, as far as the scores that it was fitted on go.
    public var exceedance: Double
    /// What follows the stream of scores; absent where the level is fixed.
    public var peaks: PeaksOverThreshold?

    public init(level: Double, exceedance: Double, peaks: PeaksOverThreshold? = nil) {
        self.level = level
        self.exceedance = exceedance
        self.peaks = peaks
    }
}
