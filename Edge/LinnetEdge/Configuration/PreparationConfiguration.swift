// SPDX-License-Identifier: Apache-2.0

import LinnetConfiguration
import LinnetDetection

/// What is done to readings before they become windows: the `channels` list, and `window.clock`.
public struct PreparationConfiguration: Sendable, Equatable {
    /// Of the channels that are not taken as they are.
    public var channels: [ChannelSettings]
    /// The interval of the clock that all channels are put on, in milliseconds; `nil` keeps the source's own times.
    public var clockMilliseconds: Int?
    /// How old a reading may be on that clock, and the longest pause that is none, in milliseconds.
    public var longestAgeMilliseconds: Int
    public var maximumGapMilliseconds: Int

    public init(
        channels: [ChannelSettings] = [], clockMilliseconds: Int? = nil, longestAgeMilliseconds: Int = 0,
        maximumGapMilliseconds: Int = 2000
    ) {
        self.channels = channels
        self.clockMilliseconds = clockMilliseconds
        self.longestAgeMilliseconds = longestAgeMilliseconds
        self.maximumGapMilliseconds = maximumGapMilliseconds
    }

    /// Whether readings are taken as they are.
    public var isNone: Bool { channels.isEmpty && clockMilliseconds == nil }

    /// Reads the `channels` list of a file; what is wrong with it is noted there.
    init(reading root: ConfigurationSection, window: WindowConfiguration) {
        let section = root.section("window")
        clockMilliseconds =
            section.has("clock")
            ? section.duration("clock", in: .milliseconds(1) ... .seconds(3600)).wholeMilliseconds : nil
        longestAgeMilliseconds =
            section.duration(
                "longestAge", default: .milliseconds(window.maximumGapMilliseconds), in: .zero ... .seconds(86_400)
            ).wholeMilliseconds
        maximumGapMilliseconds = window.maximumGapMilliseconds
        var seen: Set<String> = []
        channels = root.sections("channels").map { channel in
            let settings = Self.channel(channel, held: window.holdMissing)
            if !seen.insert(settings.name).inserted {
                channel.problem(
                    "name", "is \"\(settings.name.prefix(40))\", which is taken; each channel is listed once")
            }
            return settings
        }
    }

    /// Most states of a categorical channel: each becomes a channel of its own.
    static let maximumStates = 64

    private static func channel(_ section: ConfigurationSection, held: Int) -> ChannelSettings {
        let missing = section.string(
            "missing", default: ChannelSettings.Missing.hold.rawValue,
            allowed: ChannelSettings.Missing.allCases.map(\.rawValue))
        var settings = ChannelSettings(
            name: section.string("name"), kind: kind(section),
            missing: ChannelSettings.Missing(rawValue: missing) ?? .hold,
            missingSamples: section.integer("missingSamples", default: held, in: 0...1_000_000),
            minimum: number(section, "minimum"), maximum: number(section, "maximum"),
            stuckAfter: section.has("stuckAfter") ? section.integer("stuckAfter", in: 2...1_000_000_000) : nil)
        switch section.string("transform", default: "none", allowed: ["none", "difference", "detrend"]) {
        case "difference": settings.transform = .difference
        case "detrend":
            settings.transform = .detrend(span: section.integer("detrendSpan", default: 600, in: 2...1_000_000_000))
        default: break
        }
        if let minimum = settings.minimum, let maximum = settings.maximum, minimum > maximum {
            section.problem("minimum", "is \(minimum); it must be at most \"maximum\" (\(maximum))")
        }
        return settings
    }

    private static func kind(_ section: ConfigurationSection) -> ChannelSettings.Kind {
        switch section.string("kind", default: "gauge", allowed: ["gauge", "counter", "binary", "categorical"]) {
        case "counter": return .counter
        case "binary": return .binary
        case "categorical":
            let states = section.integers("states", in: -1_000_000...1_000_000)
            if !(2...maximumStates).contains(states.count) || Set(states).count != states.count {
                section.problem(
                    "states", "has \(states.count) items; it must list 2 to \(maximumStates) different numbers")
            }
            return .categorical(states)
        default: return .gauge
        }
    }

    private static func number(_ section: ConfigurationSection, _ key: String) -> Float? {
        section.has(key) ? Float(section.number(key, in: -1e30...1e30)) : nil
    }
}
