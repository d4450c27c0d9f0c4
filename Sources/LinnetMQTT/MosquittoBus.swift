// SPDX-License-Identifier: Apache-2.0

import LinnetMessaging
import Logging
import ServiceLifecycle
import Synchronization

/// Messages over a real broker, by libmosquitto, MQTT 5.
///
///     let bus = MosquittoBus(settings: settings, clientID: "press-2", will: will, logger: logger)
///     bus.subscribe(to: topics.toAgent(agent)) { message in store(message) }
///     try await bus.run()
///
/// It has one thread of its own, which alone talks to the library and calls receivers and observers. It keeps trying to
/// connect, whatever went wrong, until it is shut down; then it says goodbye to the broker, which so does not publish the
/// will.
///
/// Limits: nothing is kept while there is no connection — `publish` fails, and the caller's outbox has to try again. An
/// acknowledged message may still be lost with the broker. A message that failed may have arrived all the same. A message
/// under several filters can reach each of their receivers more than once. The broker keeps subscriptions while a client is
/// away, and may deliver at once: subscribe before `run()`, for what nobody subscribes to is counted and dropped.
public final class MosquittoBus: MessageBus, Service {
    private let core: BusCore
    private let generator: @Sendable () -> any RandomNumberGenerator

    /// Prepares a bus; nothing is opened before `run()`.
    ///
    /// - Parameters:
    ///   - clientID: names this client's place at the broker; the agent's or the coordinator's name.
    ///   - will: what the broker says once this client is gone without a goodbye.
    public convenience init(settings: BrokerSettings, clientID: String, will: Will?, logger: Logger) {
        self.init(settings: settings, clientID: clientID, will: will, logger: logger) {
            SystemRandomNumberGenerator()
        }
    }

    /// As the other one, with the generator that the pauses between connections are drawn from.
    package init(
        settings: BrokerSettings, clientID: String, will: Will?, logger: Logger,
        generator: @escaping @Sendable () -> any RandomNumberGenerator
    ) {
        core = BusCore(settings: settings, clientID: clientID, will: will, logger: logger)
        self.generator = generator
    }

    /// What the bus has done so far.
    public var counters: BusCounters { core.state.withLock { $0.counters } }

    /// Connects and stays connected until graceful shutdown or cancellation; can be called once.
    ///
    /// - Throws: `BusError.transport` if it was called before, or the system has no thread or descriptor left.
    public func run() async throws {
        let isFirst = core.state.withLock { state in
            guard state.phase == .new else { return false }
            state.phase = .running
            return true
        }
        guard isFirst else { throw BusError.transport("a bus can be run once") }
        if let failure = core.wake.failure { throw failure }
        try await withTaskCancellationOrGracefulShutdownHandler {
            var failure: BusError?
            await withCheckedContinuation { waiter in
                core.state.withLock { $0.waiter = waiter }
                do throws(BusError) {
                    try NetworkThread.start { [core, generator] in
                        var loop = NetworkLoop(core: core, generator: generator())
                        loop.run()
                    }
                } catch {
                    failure = error
                    core.ended()
                }
            }
            if let failure { throw failure }
        } onCancelOrGracefulShutdown: { [core] in
            core.stop()
        }
    }

    public func publish(_ message: Message) async throws(BusError) {
        // Checked here, before anything of the library's sees it: see MosquittoClient.publish.
        guard message.payload.count <= core.settings.maximumPayloadBytes else {
            core.state.withLock { $0.counters.oversize += 1 }
            throw .tooLarge(bytes: message.payload.count, limit: core.settings.maximumPayloadBytes)
        }
        let answer = await withCheckedContinuation { core.offer(BusCore.Ticket(message: message, answer: $0)) }
        try answer.get()
    }

    public func subscribe(to filter: TopicFilter, receive: @escaping @Sendable (Message) -> Void) {
        core.state.withLock { $0.subscriptions.append(BusCore.Subscription(filter: filter, receive: receive)) }
        core.wake.signal()
    }

    public func observeConnection(_ observer: @escaping @Sendable (ConnectionState) -> Void) {
        core.state.withLock { $0.newcomers.append(observer) }
        core.wake.signal()
    }
}
