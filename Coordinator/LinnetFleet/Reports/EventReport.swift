// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetMessaging

/// One stored anomaly event.
///
/// In JSON it is the flat object of ``AnomalyMessage`` with two keys more, `row` and `receivedAt`.
public struct EventReport: Codable, Sendable, Equatable {
    /// Counts up with every event and revision that is stored; an event that was updated has moved to a new row.
    public var row: Int64
    public var receivedAt: Timestamp
    public var message: AnomalyMessage

    public var event: AnomalyEvent { message.event }

    public init(row: Int64, receivedAt: Timestamp, message: AnomalyMessage) {
        self.row = row
        self.receivedAt = receivedAt
        self.message = message
    }

    private enum CodingKeys: String, CodingKey { case row, receivedAt }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        row = try container.decode(Int64.self, forKey: .row)
        receivedAt = try container.decode(Timestamp.self, forKey: .receivedAt)
        message = try AnomalyMessage(from: decoder)
    }

    public func encode(to encoder: any Encoder) throws {
        try message.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(row, forKey: .row)
        try container.encode(receivedAt, forKey: .receivedAt)
    }
}

/// The answer of `GET /api/v1/anomalies`.
public struct EventsPage: Codable, Sendable, Equatable {
    /// In the order that was asked for.
    public var anomalies: [EventReport]
    /// What to ask for next time: as `after`, or as `before` where the newest come first.
    public var next: Int64

    public init(anomalies: [EventReport], next: Int64) {
        self.anomalies = anomalies
        self.next = next
    }
}
