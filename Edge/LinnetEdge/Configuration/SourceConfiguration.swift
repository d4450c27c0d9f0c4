// SPDX-License-Identifier: Apache-2.0

import LinnetConfiguration
import LinnetDetection
import LinnetDomain

/// Where a device's samples come from: the `source` section of a device.
public enum SourceConfiguration: Sendable, Equatable {
    /// A simulated machine, for trying Linnet out.
    case simulator(SimulatorConfiguration)
    /// A recording, replayed. Times `.original` stand for: as if its first row were read when the source is opened.
    case csv(CSVReplaySettings)
    /// A file that a logger appends rows to.
    case follow(CSVReplaySettings, intervalMilliseconds: Int)
    /// Readings that are published over MQTT.
    case mqtt(MessageSourceConfiguration)
    /// This very host, through /proc.
    case host(intervalMilliseconds: Int, ignoredChannels: [String])

    /// A simulated machine.
    public struct SimulatorConfiguration: Sendable, Equatable {
        /// Gives the machine its character.
        public var seed: UInt64
        public var intervalMilliseconds: Int
        /// Simulated seconds in a real one.
        public var timeScale: Double
        /// When the machine's life began, so that a restart finds it where it would have been; `nil` for now.
        public var epoch: Timestamp?

        public init(seed: UInt64, intervalMilliseconds: Int = 1000, timeScale: Double = 1, epoch: Timestamp? = nil) {
            self.seed = seed
            self.intervalMilliseconds = intervalMilliseconds
            self.timeScale = timeScale
            self.epoch = epoch
        }
    }

    /// Whether faults of the machine itself can be laid into it.
    public var isMachine: Bool {
        if case .simulator = self { true } else { false }
    }
}

extension SourceConfiguration {
    /// Latest time a file may name: the year 2286.
    static let latestMilliseconds = 9_999_999_999_999

    /// Reads the `source` section of a device; what is wrong with it is noted there.
    init(reading section: ConfigurationSection) {
        switch section.string("kind", allowed: ["mqtt", "csv", "host", "simulator"]) {
        case "mqtt": self = .mqtt(MessageSourceConfiguration(reading: section))
        case "csv" where section.boolean("follow", default: false): self = Self.followed(section)
        case "csv": self = .csv(Self.csv(section))
        case "host":
            self = .host(intervalMilliseconds: Self.interval(section), ignoredChannels: Self.ignoredChannels(section))
        default:
            self = .simulator(
                SimulatorConfiguration(
                    seed: UInt64(section.integer("seed", default: 1, in: 0...Int.max)),
                    intervalMilliseconds: Self.interval(section),
                    timeScale: section.number("timeScale", default: 1, in: 0.01...1000),
                    epoch: Self.time(section, "epoch")))
        }
    }

    private static func followed(_ section: ConfigurationSection) -> SourceConfiguration {
        for key in ["speed", "loop", "startedAt", "labelledRows"] where section.has(key) {
            section.problem(key, "is for recordings; a file that is followed is read as it grows")
        }
        let settings = csv(section)
        return .follow(settings, intervalMilliseconds: statedInterval(section))
    }

    private static func csv(_ section: ConfigurationSection) -> CSVReplaySettings {
        let labelled = section.string("labelledRows", default: "keep", allowed: ["skip", "keep"])
        if section.has("labelledRows"), !section.has("labelColumn") {
            section.problem("labelledRows", "is given without \"labelColumn\"; name the column that marks such rows")
        }
        return CSVReplaySettings(
            path: section.readableFile("path"), timestampColumn: section.optionalString("timestampColumn"),
            separator: separator(section), labelColumn: section.optionalString("labelColumn"),
            labelledRows: labelled == "skip" ? .skip : .keep,
            ignoredColumns: section.strings("ignoreColumns", default: []),
            speed: section.number("speed", default: 1, in: 0.001...10_000),
            loops: section.boolean("loop", default: false),
            time: time(section, "startedAt").map { .replayed(startingAt: $0) } ?? .original)
    }

    private static func separator(_ section: ConfigurationSection) -> Character? {
        guard let text = section.optionalString("separator") else { return nil }
        guard text.count == 1, let character = text.first, !character.isNewline, character != "\"" else {
            section.problem("separator", "is \"\(text.prefix(20))\"; it must be one character, for example \";\"")
            return nil
        }
        return character
    }

    private static func ignoredChannels(_ section: ConfigurationSection) -> [String] {
        let ignored = section.strings("ignoreChannels", default: [])
        let known = HostMetrics.allChannels.map(\.name)
        if let unknown = ignored.first(where: { !known.contains($0) }) {
            section.problem(
                "ignoreChannels", "names \"\(unknown.prefix(40))\"; a host has \(known.joined(separator: ", "))")
        } else if known.allSatisfy(ignored.contains) {
            section.problem("ignoreChannels", "leaves no channel to watch; leave some of them out of the list")
        }
        return ignored
    }

    private static func interval(_ section: ConfigurationSection) -> Int {
        section.duration("interval", default: .seconds(1), in: .milliseconds(10) ... .seconds(3600)).wholeMilliseconds
    }

    /// The interval of a source that can not be asked for it: without a default, for it is part of the signal contract.
    static func statedInterval(_ section: ConfigurationSection) -> Int {
        section.duration("interval", in: .milliseconds(1) ... .seconds(86_400)).wholeMilliseconds
    }

    static func time(_ section: ConfigurationSection, _ key: String) -> Timestamp? {
        guard section.has(key) else { return nil }
        return Timestamp(milliseconds: Int64(section.integer(key, in: 0...latestMilliseconds)))
    }
}
