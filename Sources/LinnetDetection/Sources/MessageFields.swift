// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain

/// Which message says a channel's reading, and where in it.
public struct MessageChannel: Sendable, Hashable {
    public var channel: Channel
    /// The topic, without wildcards.
    public var topic: String
    /// The keys that lead to the number in a JSON object, from outside to inside; none where the payload is the number.
    public var field: [String]

    public init(channel: Channel, topic: String, field: [String] = []) {
        self.channel = channel
        self.topic = topic
        self.field = field
    }
}

/// Reads what machines publish: a number, or a JSON object with numbers in it.
///
///     press/1/temperature   61.5
///     press/1/data          {"time": "2026-01-01T00:00:01Z", "hydraulics": {"pressure": 210.4}, "running": true}
///
/// A sample has a value for each channel that the message speaks of, and none for the others; truth values are 1 and 0,
/// numbers may stand in quotes, and `null` or an absent key is a missing value.
public struct MessageFields: Sendable, Hashable {
    public var channels: [MessageChannel]
    /// The keys that lead to the time, as ISO 8601 or seconds or milliseconds since 1970; none where messages carry no time.
    public var timeField: [String]

    /// Most bytes of a payload.
    public static let maximumBytes = 65_536

    public init(channels: [MessageChannel], timeField: [String] = []) {
        self.channels = channels
        self.timeField = timeField
    }

    /// The topics that are spoken of, each once, in order.
    public var topics: [String] {
        var seen: Set<String> = []
        return channels.map(\.topic).filter { seen.insert($0).inserted }
    }

    /// What a message says; `nil` for one with nothing in it that is asked for.
    ///
    /// - Parameter arrival: the time of a sample whose message carries none.
    /// - Throws: ``DetectionError/source(_:)`` naming the topic, the key and what was found there.
    public func sample(topic: String, payload: Data, arrival: Timestamp) throws(DetectionError) -> Sample? {
        guard payload.count <= Self.maximumBytes else {
            throw .source("\(topic): \(payload.count) bytes; a message of readings has at most \(Self.maximumBytes)")
        }
        let value: MessageValue
        do { value = try JSONDecoder().decode(MessageValue.self, from: payload) } catch {
            throw .source(
                "\(topic): neither a number nor JSON: \"\(String(decoding: payload.prefix(40), as: UTF8.self))\"")
        }
        var values = [Float](repeating: .nan, count: channels.count)
        for (index, channel) in channels.enumerated() where channel.topic == topic {
            values[index] = try value.number(at: channel.field, topic: topic)
        }
        guard values.contains(where: { !$0.isNaN }) else { return nil }
        return Sample(time: try time(of: value, topic: topic) ?? arrival, values: values)
    }

    private func time(of value: MessageValue, topic: String) throws(DetectionError) -> Timestamp? {
        guard !timeField.isEmpty else { return nil }
        guard let text = value[timeField]?.text, let time = TimestampParser.parse(text[...]) else {
            throw .source(
                "\(topic): \"\(timeField.joined(separator: "."))\" is no time; it is ISO 8601, or seconds or "
                    + "milliseconds since 1970")
        }
        return time
    }
}
