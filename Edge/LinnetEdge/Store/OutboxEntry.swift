// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging

/// One event that waits for the coordinator.
public struct OutboxEntry: Sendable, Equatable {
    /// The number it is sent under; numbers only ever rise.
    public var sequence: Int64
    public var event: AnomalyEvent
    /// When it was committed.
    public var writtenAt: Timestamp

    public init(sequence: Int64, event: AnomalyEvent, writtenAt: Timestamp) {
        self.sequence = sequence
        self.event = event
        self.writtenAt = writtenAt
    }

    /// The bytes an event is kept as: those of its message, whose numbers are filled in when it is sent.
    static func payload(of event: AnomalyEvent) throws(WireError) -> Data {
        let message = AnomalyMessage(event: event, sequence: 1, oldest: 1, historical: false)
        // What could not be sent must not be kept: it would stand at the head of the queue for ever.
        try message.check()
        return try Wire.encode(message)
    }

    /// - Throws: ``WireError`` if the bytes are no event any more.
    static func event(from payload: Data) throws(WireError) -> AnomalyEvent {
        try Wire.decode(AnomalyMessage.self, from: payload, limit: 16 * Wire.maximumJSONBytes).event
    }
}
