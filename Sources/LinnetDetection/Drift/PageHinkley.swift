// SPDX-License-Identifier: Apache-2.0

/// Tells when the mean of a stream has risen: the test of Page and Hinkley (Page 1954), with forgetting.
///
///     x̄ = mean of all values so far      S = max(0, α S + (x - x̄ - δ))      a change where S ≥ λ
///
/// `δ` and `λ` are in the units of the values, so standardize them first. After a change it begins anew.
public struct PageHinkley: Sendable, Hashable, Codable {
    /// How much of a rise is none.
    public let delta: Double
    /// What the rises must come to.
    public let lambda: Double
    /// What remains of the sum from one value to the next.
    public let alpha: Double
    /// Fewest values before a change.
    public let minimumValues: Int
    private var count = 0
    private var mean = 0.0
    private var sum = 0.0

    /// - Parameters:
    ///   - delta: 0 or more.
    ///   - lambda: above 0.
    ///   - alpha: above 0, at most 1.
    public init(delta: Double = 0.005, lambda: Double = 50, alpha: Double = 0.9999, minimumValues: Int = 30) {
        self.delta = max(0, delta)
        self.lambda = max(.leastNormalMagnitude, lambda)
        self.alpha = min(max(alpha, .leastNormalMagnitude), 1)
        self.minimumValues = max(1, minimumValues)
    }

    /// Takes in the next value; answers whether it shows a change. A value that is not a number is passed over.
    public mutating func handle(_ value: Double) -> Bool {
        guard value.isFinite else { return false }
        count += 1
        mean += (value - mean) / Double(count)
        sum = max(0, alpha * sum + value - mean - delta)
        guard count >= minimumValues, sum >= lambda else { return false }
        (count, mean, sum) = (0, 0, 0)
        return true
    }
}
