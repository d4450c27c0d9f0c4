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
    /// A scale is the root of the mean of the device's own squared spread and the cohort's squared scale, the latter with
    /// the weight of ``priorSamples``: what a few windows say does not swing, and a channel that stands still has a scale.
    /// What a spread is, the cohort's scaling rule says.
    ///
    /// - Parameters:
    ///   - windows: normal windows of the device.
    ///   - cohort: the model's scaler, with a scale above 0 for each channel.
    /// - Returns: the cohort's scale around 0 where no window has these channels.
    public static func fit(_ windows: [SampleWindow], cohort: ChannelScaler) -> DeviceLevel {
        let usual = center(of: windows)
        guard usual.count == cohort.count else {
            return DeviceLevel(center: [Float](repeating: 0, count: cohort.count), scale: cohort.scale)
        }
        let spreads = spreads(of: windows, around: usual, by: cohort.rule)
        let scale = zip(spreads, cohort.scale).map { own, cohort in
            let count = Double(own.count)
            let prior = Double(cohort) * Double(cohort) * priorSamples
            let scale = Float(((own.square * count + prior) / (count + priorSamples)).squareRoot())
            return scale.isFinite && scale > 0 ? scale : cohort
        }
        let center = zip(usual, spreads).map { usual, own in
            let center = Float(Double(usual) + own.offset)
            return center.isFinite ? center : usual
        }
        return DeviceLevel(center: center, scale: scale)
    }

    /// How far the values of one channel are from its level.
    struct Spread {
        /// The values that it is made of.
        var count: Int
        /// From the level to the middle of the spread.
        var offset: Double
        /// The spread, squared.
        var square: Double
    }

    /// The spread of each channel by a scaling rule, in windows that do not overlap.
    static func spreads(
        of windows: [SampleWindow], around center: [Float], by rule: ScalingRule
    ) -> [Spread] {
        let moments = moments(of: windows, around: center)
        let standard = moments.map { own in
            Spread(
                count: own.count, offset: 0,
                square: own.standardDeviation * own.standardDeviation + own.mean * own.mean)
        }
        switch rule {
        case .standard: return standard
        case .minMax:
            return moments.map { own in
                Spread(count: own.count, offset: own.middle, square: own.halfRange * own.halfRange)
            }
        case .robust:
            return zip(standard, sketches(of: windows, around: center)).map { standard, sketch in
                // A channel that stands still for more than half of the time has quartiles without a distance.
                guard let deviation = sketch.quartileDeviation, deviation > 0 else { return standard }
                return Spread(count: standard.count, offset: 0, square: deviation * deviation)
            }
        }
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
