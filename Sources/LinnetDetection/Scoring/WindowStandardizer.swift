// SPDX-License-Identifier: Apache-2.0

import LinnetNumerics

/// Turns windows into what a network reads: `z = (x - center) / scale` a channel, sample after sample.
///
/// Training and scoring go through the same code, so that a model is never asked about numbers it was not shown.
public struct WindowStandardizer: Sendable, Equatable {
    /// This device's level and scale of each channel.
    public let level: DeviceLevel

    /// Standardized values are held to this many scales, so that a broken sensor can not overflow a score.
    public static let limit: Float = 50

    public init(_ level: DeviceLevel) {
        precondition(level.center.count == level.scale.count, "one center and one scale a channel")
        self.level = level
    }

    /// Writes one window, standardized, to `target`, `[length * channels]`.
    public func write(_ window: SampleWindow, to target: UnsafeMutableBufferPointer<Float>) {
        let (center, scale) = (level.center, level.scale)
        precondition(window.channelCount == center.count && target.count == window.values.count)
        var position = 0
        for _ in 0..<window.length {
            for channel in 0..<center.count {
                let z = (window.values[position] - center[channel]) / scale[channel]
                target[position] = max(-Self.limit, min(Self.limit, z))
                position += 1
            }
        }
    }

    /// All windows, one a row, `[windows, length * channels]`.
    public func matrix(_ windows: [SampleWindow]) -> Matrix {
        guard let width = windows.first?.values.count else { return Matrix(rows: 0, columns: 0) }
        var values = [Float](repeating: 0, count: windows.count * width)
        values.withUnsafeMutableBufferPointer { values in
            for (row, window) in windows.enumerated() {
                write(window, to: UnsafeMutableBufferPointer(rebasing: values[row * width..<(row + 1) * width]))
            }
        }
        return Matrix(rows: windows.count, columns: width, values: values)
    }
}
