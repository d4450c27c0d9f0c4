// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain

/// Sees from a machine's own samples whether it stands still.
public struct IdleWatch: Sendable, Equatable {
    /// After so long without a sample nobody knows whether the machine still stands still.
    public static let longestSilence: Int64 = 60_000

    private let condition: IdleConfiguration
    private let channel: Int
    /// Time of the first sample of those that meet the condition without a break.
    private var since: Timestamp?
    private var last: (time: Timestamp, uptime: Int64)?

    /// - Parameter channels: the device's, in the order of its samples' values.
    /// - Returns: `nil` if the condition's channel is not among them.
    public init?(_ condition: IdleConfiguration, channels: [Channel]) {
        guard let channel = channels.firstIndex(where: { $0.name == condition.channel }) else { return nil }
        self.condition = condition
        self.channel = channel
    }

    public static func == (left: IdleWatch, right: IdleWatch) -> Bool {
        left.condition == right.condition && left.channel == right.channel && left.since == right.since
            && left.last?.time == right.last?.time && left.last?.uptime == right.last?.uptime
    }

    /// Takes in a sample. A missing reading breaks nothing and proves nothing; a gap begins anew.
    public mutating func take(_ sample: Sample, uptime: Int64) {
        guard sample.values.indices.contains(channel) else { return }
        let isAfterSilence = last.map { uptime - $0.uptime > Self.longestSilence || sample.time < $0.time } ?? false
        if sample.followsGap || isAfterSilence { since = nil }
        last = (sample.time, uptime)
        let value = Double(sample.values[channel])
        guard !value.isNaN else { return }
        let isMet =
            switch condition.side {
            case .below(let level): value < level
            case .above(let level): value > level
            }
        since = isMet ? since ?? sample.time : nil
    }

    /// Why the machine does not count as idle; `nil` if it does.
    public func obstacle(uptime: Int64) -> String? {
        guard let last, uptime - last.uptime <= Self.longestSilence else { return "is silent" }
        guard let since else { return "is not idle" }
        guard last.time.milliseconds(since: since) >= condition.forMilliseconds else {
            return "is not idle for long enough yet"
        }
        return nil
    }
}
