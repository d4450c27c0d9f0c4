// SPDX-License-Identifier: Apache-2.0

import LinnetMessaging
import Logging
import Synchronization

/// What the callers' threads and the network thread share: requests go in, answers come out.
///
/// Everything that changes is behind one lock, which is never held while a caller's code runs.
final class BusCore: Sendable {
    typealias Observer = @Sendable (ConnectionState) -> Void

    /// A message on its way, and the publisher that waits for it.
    struct Ticket: Sendable {
        let message: Message
        let answer: CheckedContinuation<Result<Void, BusError>, Never>
    }

    struct Subscription: Sendable {
        let filter: TopicFilter
        let receive: @Sendable (Message) -> Void
    }

    enum Phase: Sendable { case new, running, stopping, ended }

    struct State: Sendable {
        var phase = Phase.new
        var connection = ConnectionState.disconnected(reason: "not connected yet")
        var window: PublishWindow<Ticket>
        var subscriptions: [Subscription] = []
        var observers: [Observer] = []
        /// Observers that have not been told anything yet.
        var newcomers: [Observer] = []
        var counters = BusCounters()
        /// Whether the network thread is inside a call that nothing can end early.
        var isBlocked = false
        /// `run()`, which waits for the end.
        var waiter: CheckedContinuation<Void, Never>?
    }

    let settings: BrokerSettings
    let clientID: String
    let will: Will?
    let logger: Logger
    let wake: WakePipe
    let state: Mutex<State>

    init(settings: BrokerSettings, clientID: String, will: Will?, logger: Logger) {
        self.settings = settings
        self.clientID = clientID
        self.will = will
        self.logger = logger
        wake = WakePipe()
        state = Mutex(
            State(
                window: PublishWindow(
                    maximumInFlight: settings.maximumInFlight, maximumWaiting: settings.maximumWaiting)))
    }

    var isStopping: Bool { state.withLock { $0.phase != .running } }

    // MARK: - Called by anybody

    /// Takes a message, or answers at once why not.
    func offer(_ ticket: Ticket) {
        let refusal = state.withLock { state -> BusError? in
            do throws(BusError) {
                try state.window.offer(ticket)
                return nil
            } catch {
                if case .tooManyWaiting = error {
                    state.counters.waitingRejected += 1
                } else {
                    state.counters.failed += 1
                }
                return error
            }
        }
        if let refusal { ticket.answer.resume(returning: .failure(refusal)) } else { wake.signal() }
    }

    /// Asks the network thread to end; `run()` returns once it has, or at once if it hangs in a call to the system.
    func stop() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.phase = state.phase == .ended ? .ended : .stopping
            return state.isBlocked ? state.waiter.take() : nil
        }
        waiter?.resume()
        wake.signal()
    }

    // MARK: - Called by the network thread

    /// Hands a message to everybody who subscribed to it.
    func deliver(_ message: Message) {
        let receivers = state.withLock { state in
            let receivers = state.subscriptions.filter { $0.filter.matches(message.topic) }.map(\.receive)
            if receivers.isEmpty { state.counters.unclaimed += 1 } else { state.counters.received += 1 }
            return receivers
        }
        for receive in receivers { receive(message) }
    }

    /// Tells observers that have come since the last time how things stand.
    func tellNewcomers() {
        let (newcomers, connection) = state.withLock { state in
            let newcomers = state.newcomers
            state.observers += newcomers
            state.newcomers.removeAll()
            return (newcomers, state.connection)
        }
        for newcomer in newcomers { newcomer(connection) }
    }

    /// Opens the window, and tells everybody.
    func connected() {
        tellNewcomers()
        let observers = state.withLock { state in
            state.connection = .connected
            state.window.open()
            state.counters.connections += 1
            return state.observers
        }
        for observer in observers { observer(.connected) }
    }

    /// Fails everything that was on its way, and tells everybody.
    func disconnected(_ reason: String) {
        tellNewcomers()
        let change = ConnectionState.disconnected(reason: reason)
        let (tickets, observers) = state.withLock { state in
            let tickets = state.window.close()
            state.counters.failed += tickets.count
            let observers = state.connection == change ? [] : state.observers
            state.connection = change
            return (tickets, observers)
        }
        for ticket in tickets { ticket.answer.resume(returning: .failure(.notConnected)) }
        for observer in observers { observer(change) }
    }

    /// Runs a call that blocks; `stop()` does not wait for it.
    ///
    /// - Returns: whether it was run: not if the bus is stopping.
    func blocking<Failure: Error>(_ body: () throws(Failure) -> Void) throws(Failure) -> Bool {
        let isRunning = state.withLock { state in
            state.isBlocked = state.phase == .running
            return state.isBlocked
        }
        guard isRunning else { return false }
        defer { state.withLock { $0.isBlocked = false } }
        try body()
        return true
    }

    /// The network thread has come to its end.
    func ended() {
        disconnected("stopped")
        let waiter = state.withLock { state in
            state.phase = .ended
            return state.waiter.take()
        }
        waiter?.resume()
    }
}
