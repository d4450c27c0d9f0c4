// SPDX-License-Identifier: Apache-2.0

import LinnetMessaging

/// Decides which messages may be on their way to the broker: at most `maximumInFlight`, the rest waits in order.
///
/// libmosquitto has a queue of its own, but it is without a bound, lives through reconnects and takes messages while
/// there is no connection; this one makes sure that nothing ever gets into it that can not be sent at once.
package struct PublishWindow<Ticket: Sendable>: Sendable {
    /// A message that was sent and not yet acknowledged.
    private struct Flight: Sendable {
        var ticket: Ticket
        var since: ContinuousClock.Instant
    }

    package let maximumInFlight: Int
    package let maximumWaiting: Int
    /// Whether messages are taken: only while connected.
    package private(set) var isOpen = false
    // An array: it is bounded, and moving a thousand references is nothing beside one packet.
    private var waiting: [Ticket] = []
    private var flights: [Int32: Flight] = [:]
    /// Places given to tickets that are just being sent and have no identifier yet.
    private var leaving = 0

    package init(maximumInFlight: Int, maximumWaiting: Int) {
        precondition(maximumInFlight > 0 && maximumWaiting >= 0, "at least one place, no negative queue")
        self.maximumInFlight = maximumInFlight
        self.maximumWaiting = maximumWaiting
    }

    package var inFlight: Int { flights.count + leaving }
    package var isEmpty: Bool { inFlight == 0 && waiting.isEmpty }

    /// When the message was sent that has waited longest for its acknowledgement.
    package var oldest: ContinuousClock.Instant? { flights.values.map(\.since).min() }

    /// Starts taking messages.
    package mutating func open() { isOpen = true }

    /// Stops taking messages; those taken already stay.
    package mutating func stopTaking() { isOpen = false }

    /// Takes a message.
    ///
    /// - Throws: `.notConnected` while closed, `.tooManyWaiting` if there is neither a place nor room to wait.
    package mutating func offer(_ ticket: Ticket) throws(BusError) {
        guard isOpen else { throw .notConnected }
        // Tickets for which there is a place only wait for the network thread to come round.
        guard waiting.count < maximumWaiting + maximumInFlight - inFlight else {
            throw .tooManyWaiting(limit: maximumWaiting)
        }
        waiting.append(ticket)
    }

    /// The next message to send now; it holds a place until ``sent(_:as:at:)`` or ``failed()``.
    package mutating func next() -> Ticket? {
        guard inFlight < maximumInFlight, !waiting.isEmpty else { return nil }
        leaving += 1
        return waiting.removeFirst()
    }

    /// The message that ``next()`` gave has been sent under an identifier.
    package mutating func sent(_ ticket: Ticket, as identifier: Int32, at now: ContinuousClock.Instant) {
        precondition(leaving > 0, "next() comes first")
        leaving -= 1
        flights[identifier] = Flight(ticket: ticket, since: now)
    }

    /// The message that ``next()`` gave could not be sent.
    package mutating func failed() {
        precondition(leaving > 0, "next() comes first")
        leaving -= 1
    }

    /// The broker has answered; frees the place.
    ///
    /// - Returns: `nil` for an identifier that is not in flight.
    package mutating func acknowledged(_ identifier: Int32) -> Ticket? {
        flights.removeValue(forKey: identifier)?.ticket
    }

    /// The connection is gone: nothing is taken any more.
    ///
    /// - Returns: everything that was in flight or waited, in no particular order.
    package mutating func close() -> [Ticket] {
        isOpen = false
        let all = flights.values.map(\.ticket) + waiting
        flights.removeAll()
        waiting.removeAll()
        leaving = 0
        return all
    }
}
