// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

extension ScalerAggregation {
    /// Pools the distributions of a cohort: per channel the median, and the distance between the quartiles over 1.349.
    ///
    /// For normal data this is the mean and the standard deviation. With a quarter of all values gone astray it still is,
    /// where a standard deviation grows with every outlier. Each agent counts for at most ``maximumCountRatio`` times the
    /// median count. A channel that stands still for more than half of the time has quartiles without a distance; its
    /// deviation is the standard one then.
    ///
    /// - Parameters:
    ///   - contributions: one list of each a contributor, `[channels]`.
    ///   - channelCount: the contract's number of channels.
    ///   - minimumContributors: fewer would let a stranger read one agent's statistics off the scaler.
    /// - Returns: center and spread of each channel, `[channels]`, finite. Bit for bit the same in whatever order
    ///   contributions arrived.
    /// - Throws: ``AggregationError``.
    public static func robustScaler(
        from contributions: [(agent: AgentID, moments: [ChannelMoments], sketches: [QuantileSketch])],
        channelCount: Int, minimumContributors: Int
    ) throws(AggregationError) -> (centers: [Double], spreads: [Double]) {
        let standard = try scaler(
            from: contributions.map { ($0.agent, $0.moments) }, channelCount: channelCount,
            minimumContributors: minimumContributors)
        let sorted = contributions.sorted { $0.agent < $1.agent }
        for (agent, moments, sketches) in sorted {
            guard sketches.count == channelCount else {
                throw .wrongShape(agent: agent, found: sketches.count, expected: channelCount)
            }
            for channel in sketches.indices where !isUsable(sketches[channel], with: moments[channel]) {
                throw .implausible(agent: agent, channel: channel)
            }
        }
        var centers: [Double] = []
        var spreads: [Double] = []
        for channel in 0..<channelCount {
            let seen = sorted.map { $0.sketches[channel] }.filter { $0.count > 0 }
            let counts = seen.map(\.count)
            let all = QuantileSketch.merged(
                zip(seen, zip(capped(counts), counts)).map { sketch, weight in (sketch, weight.0 / weight.1) })
            guard let median = all.quantile(0.5), let spread = all.quartileDeviation else {
                throw .noValues(channel: channel)
            }
            centers.append(median)
            spreads.append(spread > 0 ? spread : standard.standardDeviations[channel])
        }
        return (centers, spreads)
    }

    /// Whether a distribution can have come from a sensor, and be of the same values as the moments beside it.
    public static func isUsable(_ sketch: QuantileSketch, with moments: ChannelMoments) -> Bool {
        sketch.isPlausible && sketch.count == Double(moments.count)
            && [sketch.minimum, sketch.maximum].allSatisfy { Double($0.magnitude) <= maximumMagnitude }
    }
}
