// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The Numenta Anomaly Benchmark's score (Lavin and Ahmad 2015, section 2.2; the arithmetic is that of its sweeper): early
/// alarms inside an anomaly's window earn, missed windows and alarms outside cost.
///
/// The first 15 % of rows, at most 750, are probation and not scored. In a window the earliest alarm earns
/// `A_tp σ(x)/σ(-1)` with `x` from -1 at its start to 0 at its end and `σ(x) = 2/(1 + e^(5x)) - 1`; a window without one
/// costs `A_fn`; an alarm outside costs `A_fp |σ(x)|`, `x` counting window lengths since the last window's end, and all of
/// `A_fp` before the first window or beyond three lengths. Every alarmed row is one alarm: give onsets alone.
public struct NABScore: Sendable, Hashable, Codable {
    /// What a found window, a false alarm and a missed window weigh.
    public enum Profile: String, Sendable, Codable, CaseIterable {
        case standard
        case lowFalsePositives
        case lowFalseNegatives

        var truePositive: Double { 1 }
        var falsePositive: Double { self == .lowFalsePositives ? 0.22 : 0.11 }
        var falseNegative: Double { self == .lowFalseNegatives ? 2 : 1 }
    }

    public var score: Double
    /// What a perfect detector gets, and one that never alarms.
    public var perfect: Double
    public var null: Double

    /// The score of no file.
    public init() { (score, perfect, null) = (0, 0, 0) }

    /// - Parameters:
    ///   - alarms: onsets of alarms, `[rows]`.
    ///   - windows: first and last row of each anomaly's window, in order.
    public init(alarms: [Bool], windows: [ClosedRange<Int>], profile: Profile) {
        let probation = Self.probationRows(alarms.count)
        let scored = windows.filter { $0.upperBound >= probation }
        var score = 0.0
        for window in scored {
            let first = window.first { $0 >= probation && alarms.indices.contains($0) && alarms[$0] }
            guard let first else {
                score -= profile.falseNegative
                continue
            }
            let x = -Double(window.upperBound - first + 1) / Double(window.count)
            score += profile.truePositive * Self.sigma(x) / Self.sigma(-1)
        }
        for row in alarms.indices.dropFirst(probation) where alarms[row] {
            if windows.contains(where: { $0.contains(row) }) { continue }
            guard let last = windows.last(where: { $0.upperBound < row }) else {
                score -= profile.falsePositive
                continue
            }
            let width = max(last.upperBound - last.lowerBound, 1)
            score += profile.falsePositive * Self.sigma(Double(row - last.upperBound) / Double(width))
        }
        self.score = score
        perfect = profile.truePositive * Double(scored.count)
        null = -profile.falseNegative * Double(scored.count)
    }

    public static func + (left: NABScore, right: NABScore) -> NABScore {
        var sum = left
        sum.score += right.score
        sum.perfect += right.perfect
        sum.null += right.null
        return sum
    }

    /// 0 for a detector that never alarms, 100 for a perfect one; `nil` where there is no window to find.
    public var percent: Double? { perfect > null ? 100 * (score - null) / (perfect - null) : nil }

    /// Rows at the start of a file of so many that are not scored.
    public static func probationRows(_ rows: Int) -> Int { min(rows * 15 / 100, 750) }

    private static func sigma(_ x: Double) -> Double { x <= 3 ? 2 / (1 + exp(5 * x)) - 1 : -1 }
}
