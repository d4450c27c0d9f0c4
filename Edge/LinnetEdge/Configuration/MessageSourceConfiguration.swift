// SPDX-License-Identifier: Apache-2.0

import LinnetConfiguration
import LinnetDetection
import LinnetDomain

/// A machine whose readings are published over MQTT: a `source` section of kind `mqtt`.
///
///     source:
///       kind: mqtt
///       interval: 1s
///       broker: {host: 127.0.0.1, port: 1883, insecureLoopback: true}
///       time: timestamp
///       channels:
///         - {name: pressure, unit: bar, topic: press/2/data, field: hydraulics.pressure}
///         - {name: temperature, topic: press/2/temperature}
public struct MessageSourceConfiguration: Sendable, Equatable {
    public var fields: MessageFields
    /// The time between two readings, which is part of the signal contract.
    public var intervalMilliseconds: Int
    /// Where the machine publishes; absent for the broker that the agent speaks to the coordinator by.
    public var broker: BrokerConfiguration?

    public init(fields: MessageFields, intervalMilliseconds: Int, broker: BrokerConfiguration? = nil) {
        self.fields = fields
        self.intervalMilliseconds = intervalMilliseconds
        self.broker = broker
    }

    /// Most channels of a machine.
    static let maximumChannels = 4096

    /// Reads the section; what is wrong with it is noted there.
    init(reading section: ConfigurationSection) {
        intervalMilliseconds = SourceConfiguration.statedInterval(section)
        broker = section.optionalSection("broker").map(BrokerConfiguration.init(reading:))
        let timeField = section.optionalString("time").map(Self.path) ?? []
        let sections = section.sections("channels")
        if !(1...Self.maximumChannels).contains(sections.count) {
            section.problem(
                "channels", "has \(sections.count) items; it must list 1 to \(Self.maximumChannels) channels")
        }
        var seen: Set<String> = []
        let channels = sections.map { channel in
            let name = channel.string("name")
            if channel.has("name"), !seen.insert(name).inserted {
                channel.problem("name", "is \"\(name.prefix(40))\", which is taken; each channel has a name of its own")
            }
            return MessageChannel(
                channel: Channel(name: name, unit: channel.string("unit", default: "")), topic: Self.topic(channel),
                field: channel.optionalString("field").map(Self.path) ?? [])
        }
        fields = MessageFields(channels: channels, timeField: timeField)
    }

    /// Notes what the rest of the file lacks for it.
    func check(_ device: ConfigurationSection, in root: ConfigurationSection) {
        if broker == nil, !root.has("broker") {
            device.problem(
                "source", "has no \"broker\", and the file has none either; say where the readings are published")
        }
        if fields.topics.count > 1, !root.section("window").has("clock") {
            device.problem(
                "source",
                "has channels from \(fields.topics.count) topics, whose messages come one by one; give \"clock\" in "
                    + "\"window\", so that they are put together")
        }
    }

    /// Keys with a dot between them.
    private static func path(_ text: String) -> [String] { text.split(separator: ".").map(String.init) }

    private static func topic(_ section: ConfigurationSection) -> String {
        let topic = section.string("topic")
        let isTopic =
            (1...1024).contains(topic.utf8.count) && !topic.hasPrefix("$")
            && topic.utf8.allSatisfy { $0 >= 32 && $0 != 127 && !"+#".utf8.contains($0) }
        if section.has("topic"), !isTopic {
            section.problem(
                "topic",
                "is \"\(topic.prefix(40))\"; it must be the whole topic, of 1 to 1024 bytes, without + and # and not "
                    + "beginning with $")
        }
        return topic
    }
}
