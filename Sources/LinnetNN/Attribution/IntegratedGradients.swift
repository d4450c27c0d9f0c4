// SPDX-License-Identifier: Apache-2.0

/// What each value of a window has to do with its score, measured along the straight way from a normal window to it
/// (Sundararajan, Taly and Yan 2017, eq. 1):
///
///     a_i = (x_i - b_i) * mean over α in 0...1 of dS/dx_i at b + α (x - b)
///
/// The sum over all values is `S(x) - S(b)`, up to what the sum over steps misses of the integral.
public struct IntegratedGradients: Sendable {
    /// Points on the way, each in the middle of its step; 1 to 10,000.
    public var steps: Int

    public init(steps: Int = 64) { self.steps = min(max(steps, 1), 10_000) }

    /// - Parameters:
    ///   - window: standardized, `[inputWidth]`.
    ///   - baseline: what stands for normal, `[inputWidth]`.
    /// - Returns: positive for values that raise the score, `[inputWidth]`; all 0 where a gradient is not finite.
    public func attributions(
        of window: [Float], from baseline: [Float], by gradient: ScoreGradient
    ) -> [Double] {
        precondition(window.count == baseline.count, "a window of \(window.count), a baseline of \(baseline.count)")
        var sums = [Double](repeating: 0, count: window.count)
        var point = window
        var slope = [Float](repeating: 0, count: window.count)
        for step in 0..<steps {
            let share = (Float(step) + 0.5) / Float(steps)
            for i in point.indices { point[i] = baseline[i] + share * (window[i] - baseline[i]) }
            _ = gradient.evaluate(point, gradient: &slope)
            for i in slope.indices { sums[i] += Double(slope[i]) }
        }
        let attributions = sums.indices.map { sums[$0] / Double(steps) * Double(window[$0] - baseline[$0]) }
        return attributions.allSatisfy(\.isFinite) ? attributions : [Double](repeating: 0, count: window.count)
    }
}
