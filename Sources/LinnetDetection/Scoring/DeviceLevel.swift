// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinnetDomain
import LinnetNumerics

/// The normal level and spread of one device's channels, from its own windows; both stay with the device.
///
/// Machines of one cohort run at different levels and shake differently: around their own level and in their own spread,
/// they share one model of how channels move together (the idea of FedBN, Li et al. 2021: what normalizes stays local).
public struct DeviceLevel: Sendable, Codable, Hashable {
    /// What stands for normal, `[channels]`.
    public var center: [Float]
    /// One unit of a standardized value, `[channels]`, all above 0.
    public var scale: [Float]

    public init(center: [Float], scale: [Float]) {
        self.center = center
        self.scale = scale
    }

    /// Samples that the cohort's scale counts for, beside the device's own.
    static let priorSamples = 64.0

    /// The level of a device.
    ///
    /// A scale is the root of the mean of the device's own squared deviation and the cohort's squared scale, the latter with
    /// the weight of ``priorSamples``: what a few windows say does not swing, and a channel that stands still has a scale.
    ///
    /// - Parameters:
    ///   - windows: normal windows of the device.
    ///   - cohortScale: the model's scale of each channel, `[channels]`, all above 0.
    /// - Returns: the cohort's scale around 0 where no window has these channels.
    public static func fit(_ windows: [SampleWindow], cohortScale: [Float]) -> DeviceLevel {
        let center = center(of: windows)
        guard center.count == cohortScale.count else {
            return DeviceLevel(center: [Float](repeating: 0, count: cohortScale.count), scale: cohortScale)
        }
        let scale = zip(moments(of: windows, around: center), cohortScale).map { own, cohort in
            let count = Double(own.count)
            let square = own.standardDeviation * own.standardDeviation + own.mean * own.mean
            let prior = Double(cohort) * Double(cohort) * priorSamples
            let scale = Float(((square * count + prior) / (count + priorSamples)).squareRoot())
            return scale.isFinite && scale > 0 ? scale : cohort
        }
        return DeviceLevel(center: center, scale: scale)
    }

    /// The level of each channel: the median over the windows' means, so that a few odd windows do not move it.
    ///
    /// - Returns: `[channels]`; empty without windows.
    public static func center(of windows: [SampleWindow]) -> [Float] {
        guard let channels = windows.first?.channelCount else { return [] }
        return (0..<channels).map { channel in
            var means = windows.map { $0.mean(of: channel) }
            return Float(means.takeMedian())
        }
    }

    /// The moments of each channel's deviation from the device's own level, in windows that do not overlap.
    ///
    /// These are what a device adds to the cohort's scaler: the level itself stays with it, and machines that run at
    /// different levels do not blow up each other's scale.
    public static func moments(of windows: [SampleWindow], around center: [Float]) -> [ChannelMoments] {
        var moments = [ChannelMoments](repeating: ChannelMoments(), count: center.count)
        forEachDeviation(of: windows, around: center) { channel, deviation in moments[channel].add(deviation) }
        return moments
    }

    /// The distribution of the same deviations.
    public static func sketches(of windows: [SampleWindow], around center: [Float]) -> [QuantileSketch] {
        var sketches = [QuantileSketch](repeating: QuantileSketch(), count: center.count)
        var waiting = [[Double]](repeating: [], count: center.count)
        forEachDeviation(of: windows, around: center) { channel, deviation in
            waiting[channel].append(deviation)
            guard waiting[channel].count == 2048 else { return }
            sketches[channel].add(waiting[channel])
            waiting[channel].removeAll(keepingCapacity: true)
        }
        for channel in sketches.indices { sketches[channel].add(waiting[channel]) }
        return sketches
    }

    private static func forEachDeviation(
        of windows: [SampleWindow], around center: [Float], _ body: (_ channel: Int, _ deviation: Double) -> Void
    ) {
        var covered: Timestamp?
        for window in windows where window.channelCount == center.count {
            if let covered, window.start <= covered, window.end > covered { continue }
            covered = window.end
            for (position, value) in window.values.enumerated() {
                let channel = position % center.count
                body(channel, Double(value) - Double(center[channel]))
            }
        }
    }
}
