// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNumerics

/// The normal level and spread of one device's channels, from its own windows.
public enum DeviceLevel {
    /// The level of each channel: the median over the windows' means, so that a few odd windows do not move it.
    ///
    /// - Returns: `[channels]`; empty without windows.
    public static func center(of windows: [SampleWindow]) -> [Float] {
        guard let channels = windows.first?.channelCount else { return [] }
        return (0..<channels).map { channel in
            let means = windows.map { $0.mean(of: channel) }.sorted()
            let middle = means.count / 2
            let median = means.count.isMultiple(of: 2) ? (means[middle - 1] + means[middle]) / 2 : means[middle]
            return Float(median)
        }
    }

    /// The moments of each channel's deviation from the device's own level, in windows that do not overlap.
    ///
    /// These are what a device adds to the cohort's scaler: the level itself stays with it, and machines that run at
    /// different levels do not blow up each other's scale.
    public static func moments(of windows: [SampleWindow], around center: [Float]) -> [ChannelMoments] {
        var moments = [ChannelMoments](repeating: ChannelMoments(), count: center.count)
        var covered: Timestamp?
        for window in windows where window.channelCount == center.count {
            if let covered, window.start <= covered, window.end > covered { continue }
            covered = window.end
            for (position, value) in window.values.enumerated() {
                let channel = position % center.count
                moments[channel].add(Double(value) - Double(center[channel]))
            }
        }
        return moments
    }
}
