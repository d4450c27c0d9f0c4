// SPDX-License-Identifier: Apache-2.0

/// One named quantity that a device is sampled for.
public struct Channel: Hashable, Sendable, Codable {
    /// The name as the source gives it, for example `bearing_temperature`.
    public var name: String
    /// The unit, for example `degC`; empty where it has none.
    public var unit: String

    public init(name: String, unit: String = "") {
        self.name = name
        self.unit = unit
    }
}

/// What two devices must have in common to share a model: channels in order, sampling interval, window.
///
/// Agents whose devices keep the same contract form a cohort; nobody has to name it.
public struct SignalContract: Hashable, Sendable, Codable {
    /// Channels in the order in which samples carry them.
    public var channels: [Channel]
    /// Time between two samples, in milliseconds.
    public var intervalMilliseconds: Int
    /// Samples in a window.
    public var windowLength: Int

    public init(channels: [Channel], intervalMilliseconds: Int, windowLength: Int) {
        self.channels = channels
        self.intervalMilliseconds = intervalMilliseconds
        self.windowLength = windowLength
    }

    /// Numbers in a flattened window: `channels.count * windowLength`; `nil` if that is no sensible number.
    public var inputWidth: Int? {
        let (width, overflow) = channels.count.multipliedReportingOverflow(by: windowLength)
        return overflow || width <= 0 ? nil : width
    }

    /// The text that a contract's digest is taken of: one line a channel, then rate and window.
    public var canonicalText: String {
        let lines = channels.map { "channel \($0.name) [\($0.unit)]" }
        return (lines + ["interval \(intervalMilliseconds) ms", "window \(windowLength)"]).joined(separator: "\n")
    }
}
