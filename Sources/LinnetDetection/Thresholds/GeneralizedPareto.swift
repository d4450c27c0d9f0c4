// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The generalised Pareto distribution of excesses over a high level (Pickands 1975; Balkema and de Haan 1974):
/// `P(Y > y) = (1 + γ y / σ)^(-1/γ)`, or `exp(-y / σ)` for γ = 0.
public struct GeneralizedPareto: Sendable, Hashable, Codable {
    /// γ: above 0 the tail is heavy, below it ends at `-σ/γ`.
    public let shape: Double
    /// σ, above 0.
    public let scale: Double

    public init(shape: Double, scale: Double) {
        self.shape = shape
        self.scale = scale
    }

    /// Places at which a root of the likelihood is looked for on each side of 0.
    private static let gridSteps = 64
    private static let bisections = 60

    /// Fits by maximum likelihood, which Grimshaw (1993) reduces to one unknown: with `x = γ/σ`, roots of
    /// `u(x) v(x) = 1` for `u = 1 + mean ln(1 + x Y)`, `v = mean 1/(1 + x Y)` are candidates with `γ = u - 1`,
    /// `σ = γ/x`; so is γ = 0 with the mean as σ. The most likely one is kept.
    ///
    /// - Parameter excesses: above 0 and finite; at least one, or it is `nil`.
    public init?(fitting excesses: [Double]) {
        guard let least = excesses.min(), let largest = excesses.max(), least > 0, largest.isFinite else { return nil }
        let count = Double(excesses.count)
        let mean = excesses.reduce(0, +) / count
        func balance(_ x: Double) -> Double {
            var (logs, inverses) = (0.0, 0.0)
            for excess in excesses {
                logs += log1p(x * excess)
                inverses += 1 / (1 + x * excess)
            }
            return (1 + logs / count) * (inverses / count) - 1
        }
        var best = GeneralizedPareto(shape: 0, scale: mean)
        var likelihood = -count * (1 + log(mean))
        // Below 0 the unknown is bounded by the largest excess; above, it is of any size, so steps grow.
        let falling = (1..<Self.gridSteps).map { -1 / largest * (1 - Double($0) / Double(Self.gridSteps)) }
        let rising = (0...Self.gridSteps).map { pow(10, -6 + 12 * Double($0) / Double(Self.gridSteps)) / mean }
        for grid in [[-1 / largest * (1 - 1e-9)] + falling + [-1e-6 / mean], rising] {
            for root in Self.roots(of: balance, on: grid) {
                let shape = excesses.reduce(0) { $0 + log1p(root * $1) } / count
                let scale = shape / root
                guard shape.isFinite, scale.isFinite, scale > 0 else { continue }
                let logs = excesses.reduce(0) { $0 + log1p(root * $1) }
                let found = -count * log(scale) - (1 + 1 / shape) * logs
                if found > likelihood { (best, likelihood) = (GeneralizedPareto(shape: shape, scale: scale), found) }
            }
        }
        self = best
    }

    /// The share of excesses above `excess`.
    public func exceedance(_ excess: Double) -> Double {
        guard excess > 0 else { return 1 }
        if abs(shape) < 1e-9 { return exp(-excess / scale) }
        let base = 1 + shape * excess / scale
        return base > 0 ? pow(base, -1 / shape) : 0
    }

    /// The excess that is exceeded with a probability above 0.
    public func level(exceededWith probability: Double) -> Double {
        if abs(shape) < 1e-9 { return -scale * log(probability) }
        return scale / shape * (pow(probability, -shape) - 1)
    }

    /// Where `function` changes its sign between neighbours of a grid, by bisection.
    private static func roots(of function: (Double) -> Double, on grid: [Double]) -> [Double] {
        var roots: [Double] = []
        for (left, right) in zip(grid, grid.dropFirst()) where left < right {
            let (leftValue, rightValue) = (function(left), function(right))
            guard leftValue.isFinite, rightValue.isFinite, (leftValue < 0) != (rightValue < 0) else { continue }
            var (low, high) = (left, right)
            for _ in 0..<bisections {
                let middle = (low + high) / 2
                if (function(middle) < 0) == (leftValue < 0) { low = middle } else { high = middle }
            }
            roots.append((low + high) / 2)
        }
        return roots
    }
}
