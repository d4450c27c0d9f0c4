// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// A fault drawn over a normal window, to see whether a model finds it.
public enum SyntheticFault: String, Sendable, Codable, CaseIterable {
    /// One sample far off.
    case spike
    /// A growing offset.
    case drift
    /// The channel stands still at an unusual value.
    case stuck
    /// The channel reads 0.
    case dropout

    /// How far off, in the device's scales.
    public static let standardSize: Float = 10

    /// Draws the fault over one channel of a window.
    ///
    /// - Parameters:
    ///   - center: the channel's level on this device.
    ///   - scale: the channel's scale on this device.
    ///   - size: how far off, in scales.
    /// - Returns: `nil` where the fault would not show: a dropout of a channel that is near 0 anyway.
    public func drawn(
        over window: SampleWindow, channel: Int, center: Float, scale: Float, size: Float = Self.standardSize,
        using generator: inout SeededGenerator
    ) -> SampleWindow? {
        var values = window.values
        let sign: Float = generator.uniform() < 0.5 ? -1 : 1
        let offset = sign * size * scale
        let positions = Array(stride(from: channel, to: values.count, by: window.channelCount))
        switch self {
        case .spike:
            // The wider the window, the more samples, or the mean over it would hide any spike.
            let width = max(1, positions.count / 8)
            let first = Int(generator.uniform() * Double(positions.count - width + 1))
            for position in positions[first..<min(first + width, positions.count)] { values[position] += offset * 2 }
        case .drift:
            for (step, position) in positions.enumerated() {
                values[position] += offset * (0.5 + 0.5 * Float(step + 1) / Float(positions.count))
            }
        case .stuck:
            for position in positions { values[position] = center + offset * 0.5 }
        case .dropout:
            guard center.magnitude > 3 * scale else { return nil }
            for position in positions { values[position] = 0 }
        }
        return SampleWindow(
            start: window.start, end: window.end, length: window.length, channelCount: window.channelCount,
            values: values)
    }
}
