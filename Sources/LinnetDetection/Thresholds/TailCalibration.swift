// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Turns a detector's scores into how surprising they are: `-log10` of the probability that a normal score is as high.
///
/// That puts detectors of any kind on one scale, so that the more alarmed of two can be believed. Up to the 0.9 quantile of
/// held-back normal scores it is the conformal p-value `(1 + number as high) / (n + 1)` (Vovk et al. 2005); beyond, the
/// tail is taken for exponential, as in ``QuantileThreshold``, because data that small or that correlated say no more.
public struct TailCalibration: Sendable, Hashable, Codable {
    /// Evenly spaced quantiles of the scores up to where the tail begins.
    private let knots: [Double]
    private let start: Double
    private let scale: Double

    static let knotCount = 91

    /// Whether what came from a file can be calculated with.
    var isValid: Bool {
        knots.count == Self.knotCount && knots.allSatisfy(\.isFinite) && start == knots[Self.knotCount - 1]
            && scale.isFinite && scale > 0
    }

    /// - Parameter scores: of normal windows that the detector was not fitted on, at least 20.
    /// - Throws: ``DetectionError/tooFewWindows(found:needed:)``.
    public init(fitting scores: [Double]) throws(DetectionError) {
        let sorted = scores.filter(\.isFinite).sorted()
        guard sorted.count >= QuantileThreshold.minimumScores else {
            throw .tooFewWindows(found: sorted.count, needed: QuantileThreshold.minimumScores)
        }
        knots = (0..<Self.knotCount).map { QuantileThreshold.quantile(Double($0) / 100, of: sorted) }
        start = knots[Self.knotCount - 1]
        let excess = QuantileThreshold.meanExcess(over: start, in: sorted)
        // Scores that are all alike have no tail: then a hundredth of the level is a step.
        scale = excess > 0 ? excess : max(1e-9, abs(start) * 0.01)
    }

    /// `-log10 p`, 0 or more; 1 at the 0.9 quantile.
    public func surprise(_ score: Double) -> Double {
        guard score < start else {
            let tail = 1 + (score - start) / (scale * log(10))
            return tail.isFinite ? tail : .greatestFiniteMagnitude
        }
        var (low, high) = (0, knots.count - 1)
        while low < high {
            let middle = (low + high + 1) / 2
            if knots[middle] <= score { low = middle } else { high = middle - 1 }
        }
        guard knots[low] <= score else { return 0 }
        let next = knots[low + 1]
        let share = next > knots[low] ? (score - knots[low]) / (next - knots[low]) : 0
        return -log10(1 - (Double(low) + share) / 100)
    }
}
