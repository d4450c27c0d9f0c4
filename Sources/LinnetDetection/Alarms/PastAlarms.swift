// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// A device's earlier alarms, to find those that a new one looks like.
public struct PastAlarms: Sendable, Hashable {
    /// Alarms kept, the newest.
    public static let capacity = 64
    /// Earlier alarms told of a new one, at most, and the least likeness that is worth telling.
    static let told = 3
    static let leastSimilarity = 0.8

    private struct Alarm: Sendable, Hashable {
        var id: ULID
        var pattern: AlarmPattern
    }

    private var alarms: [Alarm] = []

    public init() {}

    /// Takes in an alarm; one that is known already is passed over.
    public mutating func add(_ event: AnomalyEvent) {
        guard !alarms.contains(where: { $0.id == event.id }) else { return }
        if alarms.count == Self.capacity { alarms.removeFirst() }
        alarms.append(Alarm(id: event.id, pattern: AlarmPattern(event.contributions)))
    }

    /// The earlier alarms most like these contributions, the most alike first; of equals the newest.
    public func similar(to contributions: [ChannelContribution]) -> [SimilarAlarm] {
        let pattern = AlarmPattern(contributions)
        let found = alarms.map { SimilarAlarm(id: $0.id, similarity: $0.pattern.similarity(to: pattern)) }
        return Array(
            found.filter { $0.similarity >= Self.leastSimilarity }
                .sorted { ($1.similarity, $1.id.text) < ($0.similarity, $0.id.text) }.prefix(Self.told))
    }
}
