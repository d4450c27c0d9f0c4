// SPDX-License-Identifier: Apache-2.0

/// What one channel is, and what is done to its readings before they become windows.
public struct ChannelSettings: Sendable, Hashable, Codable {
    /// What a reading stands for.
    public enum Kind: Sendable, Hashable, Codable {
        /// A quantity, taken as it is.
        case gauge
        /// A number that only grows, until it wraps or its device starts anew: what is watched is how fast it grows, in a
        /// second.
        case counter
        /// Off or on: 0, and everything else.
        case binary
        /// One of a few states, given by number. Each becomes a channel of its own that is 1 in this state and else 0, for
        /// states have no order: state 3 is not three times state 1.
        case categorical([Int])
    }

    /// What stands in for a reading that is missing.
    public enum Missing: String, Sendable, Hashable, Codable, CaseIterable {
        /// The last one.
        case hold
        /// The line through the last two goes on. Nothing of the future is used, so a score never changes afterwards.
        case interpolate
        /// What the channel usually reads: the others decide. For as long as it takes.
        case mask
    }

    /// What becomes of the readings in the end.
    public enum Transform: Sendable, Hashable, Codable {
        case none
        /// The difference from the reading before.
        case difference
        /// The reading less the exponentially weighted mean of so many before it: slow drift is taken away.
        case detrend(span: Int)
    }

    public var name: String
    public var kind: Kind
    public var missing: Missing
    /// Readings in a row for which something stands in, where that is not a mask.
    public var missingSamples: Int
    /// Readings outside are of a broken sensor or another unit, and count as missing.
    public var minimum: Float?
    public var maximum: Float?
    /// Equal readings in a row after which a sensor is taken to be stuck, and its readings for missing; `nil` for never.
    public var stuckAfter: Int?
    public var transform: Transform

    public init(
        name: String, kind: Kind = .gauge, missing: Missing = .hold, missingSamples: Int = 3, minimum: Float? = nil,
        maximum: Float? = nil, stuckAfter: Int? = nil, transform: Transform = .none
    ) {
        self.name = name
        self.kind = kind
        self.missing = missing
        self.missingSamples = missingSamples
        self.minimum = minimum
        self.maximum = maximum
        self.stuckAfter = stuckAfter
        self.transform = transform
    }
}
