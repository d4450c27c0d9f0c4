// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Successive samples of one device, without a gap and without a missing value.
public struct SampleWindow: Sendable, Equatable {
    /// Times of the first and the last sample.
    public var start: Timestamp
    public var end: Timestamp
    public let length: Int
    public let channelCount: Int
    /// Sample after sample, `[length, channels]`, all finite.
    public let values: [Float]

    /// - Returns: `nil` unless there are `length * channelCount` finite values.
    public init?(start: Timestamp, end: Timestamp, length: Int, channelCount: Int, values: [Float]) {
        let (count, overflow) = length.multipliedReportingOverflow(by: channelCount)
        guard length > 0, channelCount > 0, !overflow, values.count == count, values.allSatisfy(\.isFinite) else {
            return nil
        }
        self.start = start
        self.end = end
        self.length = length
        self.channelCount = channelCount
        self.values = values
    }

    /// The mean of one channel over the window.
    public func mean(of channel: Int) -> Double {
        var sum = 0.0
        for position in stride(from: channel, to: values.count, by: channelCount) { sum += Double(values[position]) }
        return sum / Double(length)
    }
}
