// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain

/// An anomaly event as it stands on the wire: one flat JSON object, so that any time-series collector can read it.
///
///     {"agent":"press-2","device":"pump","id":"01J…","state":"firing","startedAt":1767225600000,"score":9.1,
///      "threshold":2.4,"channel":"bearing_temperature","share.bearing_temperature":0.71,
///      "observed.bearing_temperature":93.1,"expected.bearing_temperature":64.8, …}
///
/// `share.`, `observed.` and `expected.` repeat for every channel; `channel` names the one with the largest share;
/// `similar.` repeats for every earlier alarm that it looks like, with that one's id.
public struct AnomalyMessage: Codable, Sendable, Equatable, WireChecked {
    public var event: AnomalyEvent
    /// Counts up over all messages of the agent's outbox.
    public var sequence: Int64
    /// Lowest sequence number still in the outbox when this was sent: what lies below was acknowledged or dropped.
    public var oldest: Int64
    /// Whether it was sent again, or long after it was written.
    public var historical: Bool

    public init(event: AnomalyEvent, sequence: Int64, oldest: Int64, historical: Bool) {
        self.event = event
        self.sequence = sequence
        self.oldest = oldest
        self.historical = historical
    }

    /// A key of the flat object; channels make keys of their own.
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init(_ name: String) { stringValue = name }
        init?(intValue: Int) { nil }
    }

    /// Most channels of one event.
    static let maximumChannels = 4096

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        func read<Value: Decodable>(_ name: String, _ type: Value.Type = Value.self) throws -> Value {
            try container.decode(type, forKey: Key(name))
        }
        let names = container.allKeys.map(\.stringValue).filter { $0.hasPrefix("share.") }.map { $0.dropFirst(6) }
        guard names.count <= Self.maximumChannels else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: [], debugDescription: "more than \(Self.maximumChannels) channels"))
        }
        let contributions = try names.map { name in
            ChannelContribution(
                channel: String(name), share: try read("share.\(name)"), observed: try read("observed.\(name)"),
                expected: try read("expected.\(name)"))
        }
        event = AnomalyEvent(
            id: try read("id"), revision: try read("revision"), agent: try read("agent"), device: try read("device"),
            state: try read("state"), startedAt: try read("startedAt"), endedAt: try read("endedAt"),
            reportedAt: try read("reportedAt"), score: try read("score"), peakScore: try read("peakScore"),
            threshold: try read("threshold"),
            model: ModelVersion(number: try read("modelVersion"), digest: try read("modelDigest")),
            contributions: contributions.sorted { ($1.share, $0.channel) < ($0.share, $1.channel) },
            windows: try read("windows"),
            detector: try container.decodeIfPresent(DetectorKind.self, forKey: Key("detector")),
            severity: try container.decodeIfPresent(AlarmSeverity.self, forKey: Key("severity")),
            cause: try container.decodeIfPresent(ULID.self, forKey: Key("cause")),
            similar: try Self.similar(container))
        sequence = try read("sequence")
        oldest = try read("oldest")
        historical = try read("historical")
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        func write(_ name: String, _ value: some Encodable) throws { try container.encode(value, forKey: Key(name)) }
        try write("id", event.id)
        try write("revision", event.revision)
        try write("agent", event.agent)
        try write("device", event.device)
        try write("state", event.state)
        try write("startedAt", event.startedAt)
        try write("endedAt", event.endedAt)
        try write("reportedAt", event.reportedAt)
        try write("score", event.score)
        try write("peakScore", event.peakScore)
        try write("threshold", event.threshold)
        try write("modelVersion", event.model.number)
        try write("modelDigest", event.model.digest)
        try write("windows", event.windows)
        if let detector = event.detector { try write("detector", detector) }
        if let severity = event.severity { try write("severity", severity) }
        if let cause = event.cause { try write("cause", cause) }
        for alarm in event.similar { try write("similar.\(alarm.id.text)", alarm.similarity) }
        try write("sequence", sequence)
        try write("oldest", oldest)
        try write("historical", historical)
        if let channel = event.topChannel { try write("channel", channel) }
        for contribution in event.contributions {
            try write("share.\(contribution.channel)", contribution.share)
            try write("observed.\(contribution.channel)", contribution.observed)
            try write("expected.\(contribution.channel)", contribution.expected)
        }
    }

    /// Most earlier alarms that one names.
    static let maximumSimilar = 16

    private static func similar(_ container: KeyedDecodingContainer<Key>) throws -> [SimilarAlarm] {
        let keys = container.allKeys.filter { $0.stringValue.hasPrefix("similar.") }
        var alarms: [SimilarAlarm] = []
        for key in keys.prefix(maximumSimilar + 1) {
            guard let id = ULID(String(key.stringValue.dropFirst(8))) else { continue }
            alarms.append(SimilarAlarm(id: id, similarity: try container.decode(Double.self, forKey: key)))
        }
        guard keys.count <= maximumSimilar, alarms.count == keys.count else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: [], debugDescription: "a similar alarm that is none, or more than \(maximumSimilar)"))
        }
        return alarms.sorted { ($1.similarity, $1.id.text) < ($0.similarity, $0.id.text) }
    }

    public func check() throws(WireError) {
        let numbers =
            [event.score, event.peakScore, event.threshold]
            + event.contributions.flatMap { [$0.share, $0.observed, $0.expected] } + event.similar.map(\.similarity)
        guard numbers.allSatisfy(\.isFinite) else {
            throw .notAllowed(field: "score", found: "a number that is not finite", allowed: "finite numbers")
        }
        guard sequence > 0, oldest > 0, oldest <= sequence else {
            throw .notAllowed(field: "sequence", found: "\(oldest)...\(sequence)", allowed: "1 or more, oldest first")
        }
        guard (1...1000).contains(event.revision), event.windows >= 0, event.model.number >= 0 else {
            throw .notAllowed(field: "revision", found: "\(event.revision)", allowed: "1 to 1000")
        }
    }
}
