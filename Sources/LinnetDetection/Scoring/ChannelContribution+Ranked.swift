// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

extension ChannelContribution {
    /// What each channel had to do with a window, largest share first.
    ///
    /// - Parameters:
    ///   - channels: the device's channels, in the order of the window's.
    ///   - level: what the window was standardized by.
    ///   - errors: how badly each standardized value was explained, 0 or more, `[length * channels]`.
    ///   - expected: what stood for each standardized value instead, `[length * channels]`.
    static func ranked(
        _ window: SampleWindow, channels: [Channel], level: DeviceLevel, errors: [Float], expected: [Float]
    ) -> [ChannelContribution] {
        let count = level.center.count
        var sums = [Double](repeating: 0, count: count)
        var means = [Double](repeating: 0, count: count)
        for position in errors.indices {
            sums[position % count] += Double(errors[position])
            means[position % count] += Double(expected[position]) / Double(window.length)
        }
        let total = sums.reduce(0, +)
        return channels.prefix(count).enumerated().map { channel, name in
            let share = total > 0 && total.isFinite ? sums[channel] / total : 1 / Double(count)
            let restored = means[channel] * Double(level.scale[channel]) + Double(level.center[channel])
            return ChannelContribution(
                channel: name.name, share: share, observed: window.mean(of: channel),
                expected: restored.isFinite ? restored : Double(level.center[channel]))
        }.sorted { ($1.share, $0.channel) < ($0.share, $1.channel) }
    }
}
