// SPDX-License-Identifier: Apache-2.0

/// Takes noise and slow drift out of standardized channels: the difference of two exponentially weighted means, a fast one
/// that smooths and a slow one that the level follows.
///
/// A load that changes from week to week is no fault; what moves faster than the slow mean is kept. Only the past is used.
public struct ChannelFilter: Sendable, Equatable {
    /// Weight of the newest sample in each mean; 1 keeps every sample as it is.
    private let fast: Float
    /// `nil` takes no level away.
    private let slow: Float?
    private var smoothed: [Float] = []
    private var level: [Float] = []

    /// A mean of span `s` has the weight `2/(s + 1)` for the newest sample (Brown 1963).
    ///
    /// - Parameters:
    ///   - smoothing: span of the fast mean in samples; 1 smooths nothing.
    ///   - detrending: span of the slow mean in samples; 0 takes nothing away.
    public init(smoothing: Int, detrending: Int) {
        fast = 2 / (Float(max(1, smoothing)) + 1)
        slow = detrending > 0 ? 2 / (Float(detrending) + 1) : nil
    }

    /// Filters the next sample in place, `[channels]`.
    public mutating func apply(to row: inout [Float]) {
        if smoothed.isEmpty {
            smoothed = row
            level = row
        }
        for channel in row.indices {
            smoothed[channel] += fast * (row[channel] - smoothed[channel])
            guard let slow else {
                row[channel] = smoothed[channel]
                continue
            }
            level[channel] += slow * (row[channel] - level[channel])
            row[channel] = smoothed[channel] - level[channel]
        }
    }

    /// Forgets all it has seen.
    public mutating func restart() {
        smoothed = []
        level = []
    }
}
