// SPDX-License-Identifier: Apache-2.0

import LinnetMessaging
import Logging
import Synchronization

/// One connection from its beginning to its end; lives on the network thread.
struct Session {
    private let core: BusCore
    private let client: MosquittoClient
    /// Whether the broker has accepted the connection.
    private var isAccepted = false
    /// How many of the core's subscriptions have been sent, and those not yet acknowledged.
    private var subscriptionsSent = 0
    private var pending: [Int32: TopicFilter] = [:]
    /// When the last subscription was acknowledged: only then messages are sent.
    private(set) var connectedAt: ContinuousClock.Instant?

    /// Longest wait for the network; keep-alive is looked at that often.
    private static let turnMilliseconds: Int32 = 1000
    /// How long a stop waits for acknowledgements, and for its farewell to leave.
    private static let farewell = Duration.seconds(2)

    init(core: BusCore) throws(ConnectionFailure) {
        self.core = core
        client = try MosquittoClient(
            settings: core.settings, clientID: core.clientID, will: core.will, receive: core.deliver)
    }

    /// Connects, and serves the connection until the bus is stopped.
    ///
    /// - Throws: ``ConnectionFailure`` as soon as anything is wrong with it.
    mutating func run() throws(ConnectionFailure) {
        let client = client
        guard try core.blocking({ () throws(ConnectionFailure) in try client.connect() }) else { return }
        let deadline = ContinuousClock.now + core.settings.handshakeTimeout
        while !core.isStopping {
            core.tellNewcomers()
            if isAccepted { try subscribeToNew() }
            if connectedAt != nil { try sendWaiting() }
            let isQuiet = try turn(milliseconds: Self.turnMilliseconds)
            if connectedAt == nil, ContinuousClock.now > deadline {
                throw ConnectionFailure("the broker did not answer within \(core.settings.handshakeTimeout)")
            }
            // Not after a turn that brought something: acknowledgements may still stand behind it.
            if isQuiet { try checkOldest() }
        }
        try sayGoodbye()
    }

    /// Waits for the network once.
    ///
    /// - Returns: whether nothing came.
    private mutating func turn(milliseconds: Int32) throws(ConnectionFailure) -> Bool {
        let turn = client.turn(wake: core.wake.readingEnd, milliseconds: milliseconds)
        core.wake.drain()
        for event in turn.events { try handle(event) }
        if let failure = turn.failure { throw failure }
        return turn.isQuiet
    }

    private mutating func handle(_ event: MosquittoClient.Event) throws(ConnectionFailure) {
        switch event {
        case .accepted(let sessionPresent):
            isAccepted = true
            core.logger.debug("broker accepted", metadata: ["mqtt.session.present": "\(sessionPresent)"])
            try subscribeToNew()
            becomeConnectedIfDone()
        case .refused(let reasonCode): throw MosquittoClient.refusal(reasonCode)
        case .subscribed(let identifier, let reasonCodes):
            guard let filter = pending.removeValue(forKey: identifier) else { return }
            // A broker's answer without any code (CVE-2024-10525) is no permission.
            guard let worst = reasonCodes.max(), worst < 128 else {
                throw ConnectionFailure(
                    "the broker refuses the subscription to \(filter): "
                        + (reasonCodes.max().map { "\(Library.reason($0)) (reason code \($0))" } ?? "no reason given"))
            }
            becomeConnectedIfDone()
        case .acknowledged(let identifier, let reasonCode): acknowledged(identifier, reasonCode)
        case .closed(let reasonCode):
            // Codes below 128 are the library's own; the turn's failure says more.
            if reasonCode >= 128 { throw MosquittoClient.closing(reasonCode) }
        case .droppedOversize: core.state.withLock { $0.counters.oversizeReceived += 1 }
        case .droppedUnreadable: core.state.withLock { $0.counters.unclaimed += 1 }
        }
    }

    // MARK: - Subscriptions

    /// Sends what has been subscribed to since the last time; after a connection that is everything.
    private mutating func subscribeToNew() throws(ConnectionFailure) {
        let new = core.state.withLock { $0.subscriptions.dropFirst(subscriptionsSent).map(\.filter) }
        for filter in new { pending[try client.subscribe(to: filter)] = filter }
        subscriptionsSent += new.count
    }

    private mutating func becomeConnectedIfDone() {
        guard isAccepted, pending.isEmpty, connectedAt == nil else { return }
        connectedAt = .now
        core.connected()
        core.logger.info(
            "broker connected",
            metadata: [
                "mqtt.host": "\(core.settings.host)", "mqtt.port": "\(core.settings.port)",
                "mqtt.tls": "\(core.settings.tls != nil)", "mqtt.subscriptions": "\(subscriptionsSent)",
            ])
    }

    // MARK: - Messages out

    /// Sends as many waiting messages as there are places.
    private func sendWaiting() throws(ConnectionFailure) {
        while let ticket = core.state.withLock({ $0.window.next() }) {
            do throws(MosquittoClient.PublishFailure) {
                let identifier = try client.publish(ticket.message)
                core.state.withLock { state in
                    state.window.sent(ticket, as: identifier, at: .now)
                    state.counters.mostInFlight = max(state.counters.mostInFlight, state.window.inFlight)
                }
            } catch {
                let (answer, failure): (BusError, ConnectionFailure?) =
                    switch error {
                    case .message(let error): (error, nil)
                    case .connection(let failure): (.notConnected, failure)
                    }
                core.state.withLock { state in
                    state.window.failed()
                    if case .tooLarge = answer { state.counters.oversize += 1 } else { state.counters.failed += 1 }
                }
                ticket.answer.resume(returning: .failure(answer))
                if let failure { throw failure }
            }
        }
    }

    private func acknowledged(_ identifier: Int32, _ reasonCode: Int32) {
        let ticket = core.state.withLock { state -> BusCore.Ticket? in
            guard let ticket = state.window.acknowledged(identifier) else { return nil }
            if reasonCode < 128 { state.counters.published += 1 } else { state.counters.refused += 1 }
            return ticket
        }
        guard let ticket else { return }
        // 16, "no matching subscribers", is a success: nobody listens just now.
        let answer: Result<Void, BusError> =
            reasonCode < 128
            ? .success(()) : .failure(.refused(reasonCode: Int(reasonCode), topic: ticket.message.topic))
        ticket.answer.resume(returning: answer)
    }

    private func checkOldest() throws(ConnectionFailure) {
        guard let oldest = core.state.withLock({ $0.window.oldest }),
            ContinuousClock.now - oldest > core.settings.acknowledgementTimeout
        else { return }
        throw ConnectionFailure(
            "the broker has not acknowledged a message for \(core.settings.acknowledgementTimeout)")
    }

    // MARK: - The end

    /// Lets what is on its way arrive, then says goodbye, so that the broker does not publish the will.
    private mutating func sayGoodbye() throws(ConnectionFailure) {
        guard isAccepted else { return }
        core.state.withLock { $0.window.stopTaking() }
        let deadline = ContinuousClock.now + Self.farewell
        while connectedAt != nil, !core.state.withLock({ $0.window.isEmpty }), ContinuousClock.now < deadline {
            try sendWaiting()
            _ = try turn(milliseconds: 50)
        }
        try client.disconnect()
        while client.isOpen, ContinuousClock.now < deadline + Self.farewell { _ = try turn(milliseconds: 50) }
    }
}
