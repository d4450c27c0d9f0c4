// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The level that normal scores exceed with a wanted probability.
public enum QuantileThreshold {
    /// Fewest scores that say anything about their tail.
    public static let minimumScores = 20
    /// Where the tail begins that is extended beyond the data.
    static let tailStart = 0.9
    /// Scores above the level that make the data's own quantile good enough.
    static let minimumExceedances = 5.0

    /// One in 150 excesses of an exponential distribution is larger.
    static let mostScales = 5.0

    /// Fits the level that is exceeded with probability `exceedance`.
    ///
    /// Where the data reach that far it is their quantile. Beyond, the excesses over the 0.9 quantile are taken for
    /// exponential: peaks over threshold (Pickands 1975; Balkema and de Haan 1974) with the shape held at 0, which needs
    /// one parameter instead of two and so does not swing with the few values a device has after an hour.
    /// `level = t - s ln(q n / N_t)` with `t` the 0.9 quantile, `N_t` scores above it and `s` their mean excess, for which
    /// each is held to ``mostScales`` scales as their median tells them: one stop of a pump among a hundred normal windows
    /// would otherwise lift the level beyond any fault.
    ///
    /// - Parameters:
    ///   - scores: of normal windows that nothing was fitted on, at least ``minimumScores``, all finite.
    ///   - exceedance: above 0 and below 1.
    ///   - isCautious: whether a tail that few scores tell of is taken for as long as it may be, ``caution(runs:)``; the
    ///     scores are in the order of time then.
    /// - Returns: a finite level, at least as high as the 0.9 quantile.
    /// - Throws: ``DetectionError/tooFewWindows(found:needed:)``.
    public static func fit(
        scores: [Double], exceedance: Double, isCautious: Bool = false
    ) throws(DetectionError) -> Double {
        let finite = scores.filter(\.isFinite)
        let sorted = finite.sorted()
        guard sorted.count >= minimumScores else {
            throw .tooFewWindows(found: sorted.count, needed: minimumScores)
        }
        let q = min(max(exceedance, 1e-12), 0.5)
        let count = Double(sorted.count)
        if count * q >= minimumExceedances { return quantile(1 - q, of: sorted) }
        let start = quantile(tailStart, of: sorted)
        let above = sorted.count { $0 > start }
        guard above > 0 else { return start }
        let factor = isCautious ? caution(runs: runs(above: start, in: finite)) : 1
        let level = start - factor * meanExcess(over: start, in: sorted) * log(q * count / Double(above))
        return level.isFinite ? max(start, level) : start
    }

    /// How often scores have gone above a level: those in a row have one cause, and tell of the tail once.
    static func runs(above level: Double, in scores: [Double]) -> Int {
        zip([-.infinity] + scores, scores).count { $0 <= level && $1 > level }
    }

    /// How many times its estimate the scale of an exponential tail may be, with a confidence of 90 %.
    ///
    /// The sum of m excesses is the scale times half a chi-squared value of 2 m degrees of freedom, of which this takes the
    /// 0.1 quantile in the form of Wilson and Hilferty (1931): 2.3 for four of them, 1.4 for twenty, 1.04 for a thousand.
    static func caution(runs: Int) -> Double {
        let share = 1 / (9 * Double(max(fewestRuns, runs)))
        let root = 1 - share - normalTenth * share.squareRoot()
        return 1 / (root * root * root)
    }

    /// Fewer runs count as so many: what can be ten times too low would make a device deaf for days, for a level falls slowly.
    private static let fewestRuns = 4

    /// One in ten values of a normal distribution is so many deviations above its mean.
    private static let normalTenth = 1.2816

    /// The mean excess over a level, each held to ``mostScales`` scales; 0 where nothing exceeds it.
    static func meanExcess(over start: Double, in sorted: [Double]) -> Double {
        let excesses = sorted.filter { $0 > start }.map { $0 - start }
        guard !excesses.isEmpty else { return 0 }
        // The median of an exponential distribution is its scale times ln 2.
        let most = mostScales * quantile(0.5, of: excesses) / log(2)
        return excesses.reduce(0) { $0 + min($1, most) } / Double(excesses.count)
    }

    /// The quantile of sorted values, linear between neighbours (Hyndman and Fan 1996, type 7).
    static func quantile(_ probability: Double, of sorted: [Double]) -> Double {
        let position = probability * Double(sorted.count - 1)
        // Within 0 ..< count for probabilities from 0 to 1, so the conversions hold.
        let below = Int(position.rounded(.down))
        let above = min(below + 1, sorted.count - 1)
        return sorted[below] + (sorted[above] - sorted[below]) * (position - Double(below))
    }
}
