// SPDX-License-Identifier: Apache-2.0

import Glibc

/// SKAB's changepoint score: a NAB score for the moments at which a prediction changes.
///
/// A changepoint's window is `[t, t + 60 s]`, its start cut to the end of the one before where they overlap. The first
/// predicted change in a window earns a value that falls along `-tanh` from 1 to -0.11 over it; a window with none costs,
/// and so does a change outside all of them.
public struct ChangepointScore: Sendable, Hashable, Codable {
    public var total: NABScore
    public var missed: Int
    public var falseChanges: Int

    static let windowSeconds = 60.0
    private static let curveSteps = 1000

    /// The score of no file.
    public init() { (total, missed, falseChanges) = (NABScore(), 0, 0) }

    /// - Parameters:
    ///   - seconds: the time of each row since the first, `[rows]`.
    ///   - predictions: whether each row was alarmed, `[rows]`.
    ///   - changepoints: whether the regime changes at each row, `[rows]`.
    public init(seconds: [Double], predictions: [Bool], changepoints: [Bool], profile: NABScore.Profile) {
        precondition(seconds.count == predictions.count && seconds.count == changepoints.count)
        let changes = predictions.indices.filter { predictions[$0] != ($0 > 0 ? predictions[$0 - 1] : false) }
            .map { seconds[$0] }
        var windows: [(start: Double, end: Double)] = []
        for row in changepoints.indices where changepoints[row] {
            let start = max(seconds[row], windows.last?.end ?? -.infinity)
            windows.append((start, seconds[row] + Self.windowSeconds))
        }
        self.init()
        var used = [Bool](repeating: false, count: changes.count)
        for window in windows {
            var first: Double?
            for (number, change) in changes.enumerated() where change >= window.start && change <= window.end {
                used[number] = true
                first = first ?? change
            }
            guard let first else {
                missed += 1
                total.score -= profile.falseNegative
                continue
            }
            let span = window.end - window.start
            let step = span > 0 ? (first - window.start) / span * Double(Self.curveSteps) : 0
            total.score += Self.curve(at: min(step.rounded(.down), Double(Self.curveSteps - 1)), profile)
        }
        falseChanges = used.count { !$0 }
        total.score -= profile.falsePositive * Double(falseChanges)
        total.perfect = profile.truePositive * Double(windows.count)
        total.null = -profile.falseNegative * Double(windows.count)
    }

    public static func + (left: ChangepointScore, right: ChangepointScore) -> ChangepointScore {
        var sum = left
        sum.total = left.total + right.total
        sum.missed += right.missed
        sum.falseChanges += right.falseChanges
        return sum
    }

    /// `-tanh` over ±π/2, from `A_tp` at step 0 to `-A_fp` at the last one.
    private static func curve(at step: Double, _ profile: NABScore.Profile) -> Double {
        let x = -Double.pi / 2 + Double.pi * step / Double(curveSteps - 1)
        let (gain, cost) = (profile.truePositive, profile.falsePositive)
        return -(gain + cost) / 2 * tanh(x) / tanh(Double.pi / 2) + (gain - cost) / 2
    }
}
