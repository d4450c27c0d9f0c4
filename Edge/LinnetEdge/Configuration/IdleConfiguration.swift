// SPDX-License-Identifier: Apache-2.0

import LinnetConfiguration

/// How a machine's own readings tell that it stands still: the `idle` section of a device.
///
///     idle: {channel: speed, below: 5, for: 60s}
public struct IdleConfiguration: Sendable, Equatable {
    /// On which side of a level the channel must be.
    public enum Side: Sendable, Equatable {
        case below(Double)
        case above(Double)
    }

    public var channel: String
    public var side: Side
    /// How long without a break, by the samples' own times.
    public var forMilliseconds: Int

    public init(channel: String, side: Side, forMilliseconds: Int = 60_000) {
        self.channel = channel
        self.side = side
        self.forMilliseconds = forMilliseconds
    }

    /// Reads the section; `nil` if there is none, or none that can be, which is noted there.
    init?(reading device: ConfigurationSection) {
        guard device.has("idle") else { return nil }
        let section = device.section("idle")
        channel = section.string("channel")
        forMilliseconds =
            section.duration("for", default: .seconds(60), in: .zero ... .seconds(86_400)).wholeMilliseconds
        let range = -1e30...1e30
        switch (section.has("below"), section.has("above")) {
        case (true, false): side = .below(section.number("below", in: range))
        case (false, true): side = .above(section.number("above", in: range))
        case (true, true), (false, false):
            device.problem("idle", "must have exactly one of \"below\" and \"above\"")
            return nil
        }
    }
}
