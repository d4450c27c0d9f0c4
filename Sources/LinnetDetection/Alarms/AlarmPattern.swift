// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Which channels an alarm was about: their shares, by which alarms can be compared.
public struct AlarmPattern: Sendable, Hashable {
    private let channels: [String]
    private let shares: [Double]
    private let norm: Double

    public init(_ contributions: [ChannelContribution]) {
        // One order for both sides, so that the sum does not depend on who is compared with whom.
        let sorted = contributions.filter { $0.share.isFinite }.sorted { $0.channel < $1.channel }
        channels = sorted.map(\.channel)
        shares = sorted.map(\.share)
        norm = shares.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }

    /// The cosine of the angle between the shares, 0 to 1; 0 where one of them is about nothing.
    public func similarity(to other: AlarmPattern) -> Double {
        guard norm > 0, other.norm > 0 else { return 0 }
        var (left, right, sum) = (0, 0, 0.0)
        while left < channels.count, right < other.channels.count {
            if channels[left] == other.channels[right] {
                sum += shares[left] * other.shares[right]
                left += 1
                right += 1
            } else if channels[left] < other.channels[right] {
                left += 1
            } else {
                right += 1
            }
        }
        return min(1, max(0, sum / (norm * other.norm)))
    }
}
