// SPDX-License-Identifier: Apache-2.0

/// Count, mean, variance and range of one channel, in one pass, mergeable without the data.
///
/// Updates follow Welford (1962), merging follows Chan, Golub and LeVeque (1979): the moments of two halves merge to
/// the moments of the whole, which is how a fleet gets a scaler while nobody sees raw samples.
public struct ChannelMoments: Hashable, Sendable, Codable {
    public private(set) var count: Int
    public private(set) var mean: Double
    /// Sum of squared deviations from the mean.
    public private(set) var squaredDeviations: Double
    public private(set) var minimum: Double
    public private(set) var maximum: Double

    /// The moments of no value at all.
    public init() {
        count = 0
        mean = 0
        squaredDeviations = 0
        minimum = 0
        maximum = 0
    }

    /// Takes in one value; a value that is not finite is left out.
    public mutating func add(_ value: Double) {
        guard value.isFinite else { return }
        minimum = count == 0 ? value : min(minimum, value)
        maximum = count == 0 ? value : max(maximum, value)
        count += 1
        let deviation = value - mean
        mean += deviation / Double(count)
        squaredDeviations += deviation * (value - mean)
    }

    /// Takes in all that `other` has seen.
    public mutating func merge(_ other: ChannelMoments) {
        guard other.count > 0 else { return }
        guard count > 0 else {
            self = other
            return
        }
        let total = Double(count) + Double(other.count)
        let deviation = other.mean - mean
        squaredDeviations +=
            other.squaredDeviations + deviation * deviation * Double(count) * Double(other.count) / total
        mean += deviation * Double(other.count) / total
        minimum = min(minimum, other.minimum)
        maximum = max(maximum, other.maximum)
        // Saturates: a count that was claimed rather than counted must not trap.
        let (sum, overflow) = count.addingReportingOverflow(other.count)
        count = overflow ? .max : sum
    }

    /// Mean squared deviation (population variance), 0 before the first value.
    public var variance: Double { count > 0 ? max(0, squaredDeviations / Double(count)) : 0 }

    public var standardDeviation: Double { variance.squareRoot() }

    /// Halfway between the least and the greatest value.
    public var middle: Double { minimum / 2 + maximum / 2 }

    /// Half of the distance between both, 0 or more.
    public var halfRange: Double { maximum / 2 - minimum / 2 }

    /// Whether these moments can have come from data: finite, counted, in order. Check it on all that arrives.
    public var isPlausible: Bool {
        count >= 0 && count <= 1_000_000_000_000 && [mean, squaredDeviations, minimum, maximum].allSatisfy(\.isFinite)
            && squaredDeviations >= 0 && minimum <= maximum
            && (count == 0 || (minimum <= mean.nextUp && mean.nextDown <= maximum))
    }
}
