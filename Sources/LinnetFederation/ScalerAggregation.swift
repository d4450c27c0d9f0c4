// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Makes one scaler for a cohort out of every agent's statistics, so that nobody needs the raw data (round 0).
///
/// Per channel the agents' moments are pooled by the parallel rule of Chan, Golub and LeVeque (1979):
/// `mean = Σ n m / Σ n`, `variance = Σ n (s² + (m - mean)²) / Σ n`. Before that, each agent is held to the others:
/// its count to ``maximumCountRatio`` times the median count, its deviation to ``maximumDeviationRatio`` times the median
/// of the deviations that are not zero, its mean to as many spreads from the median mean. So one agent with an absurd
/// sensor, or with absurd claims, does not set the scale of all the others. Two agents can not be held to each other.
public struct ScalerAggregation: Sendable {
    /// How many times the median number of values one agent may count for.
    public static let maximumCountRatio = 4.0
    /// How many times the median deviation one agent's deviation may be, and how far from the median its mean.
    public static let maximumDeviationRatio = 4.0
    /// Largest magnitude of a mean or deviation; far above any sensor, and its square far below Double's largest number.
    public static let maximumMagnitude = 1e18

    /// Whether moments can have come from a sensor.
    public static func isUsable(_ moments: ChannelMoments) -> Bool {
        moments.isPlausible
            && [moments.mean, moments.minimum, moments.maximum, moments.standardDeviation]
                .allSatisfy { $0.magnitude <= maximumMagnitude }
    }

    /// Pools the statistics of a cohort.
    ///
    /// - Parameters:
    ///   - contributions: one list a contributor, `[channels]`.
    ///   - channelCount: the contract's number of channels.
    ///   - minimumContributors: fewer would let a stranger read one agent's statistics off the scaler.
    /// - Returns: mean and standard deviation of each channel, `[channels]`, finite; a deviation is 0 where a channel is
    ///   constant in the whole cohort. Bit for bit the same in whatever order contributions arrived.
    /// - Throws: ``AggregationError``.
    public static func scaler(
        from contributions: [(AgentID, [ChannelMoments])], channelCount: Int, minimumContributors: Int
    ) throws(AggregationError) -> (means: [Double], standardDeviations: [Double]) {
        let pooled = try perChannel(contributions, channelCount, minimumContributors, pooled)
        return (pooled.map(\.mean), pooled.map(\.deviation))
    }

    /// Pools the ranges of a cohort: from the least value of all agents to the greatest.
    ///
    /// Parameters and errors are those of ``scaler(from:channelCount:minimumContributors:)``. An agent's range is held to
    /// ``maximumDeviationRatio`` times the median of the ranges that are not zero, its middle to as many of it from the
    /// median middle.
    ///
    /// - Returns: the middle of each channel and half of its range, `[channels]`, finite.
    public static func rangeScaler(
        from contributions: [(AgentID, [ChannelMoments])], channelCount: Int, minimumContributors: Int
    ) throws(AggregationError) -> (middles: [Double], halfRanges: [Double]) {
        let pooled = try perChannel(contributions, channelCount, minimumContributors, pooledRange)
        return (pooled.map(\.middle), pooled.map(\.half))
    }

    /// Checks what agents have sent, and pools each channel over all that have seen it.
    private static func perChannel<Pooled>(
        _ contributions: [(AgentID, [ChannelMoments])], _ channelCount: Int, _ minimumContributors: Int,
        _ pool: ([ChannelMoments]) -> Pooled
    ) throws(AggregationError) -> [Pooled] {
        guard !contributions.isEmpty else { throw .noContributions }
        guard contributions.count >= minimumContributors else {
            throw .tooFewContributors(found: contributions.count, minimum: minimumContributors)
        }
        let sorted = contributions.sorted { $0.0 < $1.0 }
        for (first, second) in zip(sorted, sorted.dropFirst()) where first.0 == second.0 {
            throw .duplicateAgent(first.0)
        }
        for (agent, moments) in sorted {
            guard moments.count == channelCount else {
                throw .wrongShape(agent: agent, found: moments.count, expected: channelCount)
            }
            for (channel, moments) in moments.enumerated() where !isUsable(moments) {
                throw .implausible(agent: agent, channel: channel)
            }
        }
        var result: [Pooled] = []
        for channel in 0..<channelCount {
            let seen = sorted.map { $0.1[channel] }.filter { $0.count > 0 }
            guard !seen.isEmpty else { throw .noValues(channel: channel) }
            result.append(pool(seen))
        }
        return result
    }

    /// The range of one channel over all agents that have seen it; at least one.
    private static func pooledRange(_ moments: [ChannelMoments]) -> (middle: Double, half: Double) {
        let moving = moments.map(\.halfRange).filter { $0 > 0 }
        let typical = moving.isEmpty ? 0 : lowerMedian(moving)
        let center = median(moments.map(\.middle))
        let reach = maximumDeviationRatio * (typical + median(moments.map { ($0.middle - center).magnitude }))
        var (low, high) = (Double.infinity, -Double.infinity)
        for own in moments {
            let half = min(own.halfRange, maximumDeviationRatio * typical)
            let middle = min(max(own.middle, center - reach), center + reach)
            (low, high) = (min(low, middle - half), max(high, middle + half))
        }
        return (low / 2 + high / 2, high / 2 - low / 2)
    }

    /// Pools one channel over all agents that have seen it; at least one.
    private static func pooled(_ moments: [ChannelMoments]) -> (mean: Double, deviation: Double) {
        let weights = capped(moments.map { Double($0.count) })

        // Zeros are left out: where most machines stand still, the few that move set the scale.
        let moving = moments.map(\.standardDeviation).filter { $0 > 0 }
        let typical = moving.isEmpty ? 0 : lowerMedian(moving)
        let deviations = moments.map { min($0.standardDeviation, maximumDeviationRatio * typical) }

        let center = median(moments.map(\.mean))
        let spread = typical + median(moments.map { ($0.mean - center).magnitude })
        let reach = maximumDeviationRatio * spread
        let means = moments.map { min(max($0.mean, center - reach), center + reach) }

        let total = weights.reduce(0, +)
        let mean = zip(weights, means).reduce(0) { $0 + $1.0 * $1.1 } / total
        var variance = 0.0
        for position in moments.indices {
            let offset = means[position] - mean
            variance += weights[position] * (deviations[position] * deviations[position] + offset * offset)
        }
        return (mean, (variance / total).squareRoot())
    }

    /// Counts above 0, each held to ``maximumCountRatio`` times their median.
    static func capped(_ counts: [Double]) -> [Double] {
        let limit = maximumCountRatio * lowerMedian(counts)
        return counts.map { min($0, limit) }
    }

    /// The lower of the middle two: of two agents, the more modest one sets the measure.
    private static func lowerMedian(_ values: [Double]) -> Double { values.sorted()[(values.count - 1) / 2] }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}
