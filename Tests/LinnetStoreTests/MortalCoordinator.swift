// SPDX-License-Identifier: Apache-2.0

import GRDB
import LinnetDomain
import LinnetFederation
import LinnetFleet
import LinnetMessaging
import LinnetNumerics
import LinnetStore
import LinnetTestKit
import Logging
import Synchronization

/// Ends a coordinator's life at a chosen commit: from then on nothing it writes is kept, and nothing it says is heard.
final class Reaper: TransactionObserver, Sendable {
    enum Moment: Sendable {
        /// The commit does not happen any more.
        case before
        /// The commit is the last thing that happens.
        case after
    }

    private struct State {
        var commits = 0
        var isDead = false
    }

    private let state = Mutex(State())
    private let commit: Int
    private let moment: Moment

    /// - Parameter commit: the commit at which it strikes, the first being 1; 0 for never.
    init(at commit: Int, _ moment: Moment) {
        self.commit = commit
        self.moment = moment
    }

    var isDead: Bool { state.withLock { $0.isDead } }

    struct Killed: Error {}

    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { false }
    func databaseDidChange(with event: DatabaseEvent) {}
    func databaseDidRollback(_ database: Database) {}

    func databaseWillCommit() throws {
        try state.withLock { state in
            state.commits += 1
            if moment == .before, state.commits == commit { state.isDead = true }
            guard !state.isDead else { throw Killed() }
        }
    }

    func databaseDidCommit(_ database: Database) {
        state.withLock { if moment == .after, $0.commits == commit { $0.isDead = true } }
    }
}

/// A bus that a dead coordinator can not be heard on.
struct MortalBus: MessageBus {
    let bus: InMemoryBus
    let reaper: Reaper

    func publish(_ message: Message) async throws(BusError) {
        guard !reaper.isDead else { throw .notConnected }
        try await bus.publish(message)
    }

    func subscribe(to filter: TopicFilter, receive: @escaping @Sendable (Message) -> Void) {
        bus.subscribe(to: filter) { if !reaper.isDead { receive($0) } }
    }

    func observeConnection(_ observer: @escaping @Sendable (ConnectionState) -> Void) {
        bus.observeConnection(observer)
    }
}

/// One life of a coordinator, from opening the file to its end.
struct MortalCoordinator {
    let reaper: Reaper
    let store: SQLiteFleetStore
    let coordinator: FleetCoordinator
    private let running: Task<Void, Never>

    /// Opens the file and starts a coordinator on it.
    init(
        path: String, settings: FleetSettings, bus: InMemoryBus, key: SigningKey, keys: TemporaryDirectory,
        clock: ManualClock, reaper: Reaper
    ) throws {
        self.reaper = reaper
        store = try SQLiteFleetStore(path: path)
        store.observe(reaper)
        let coordinator = FleetCoordinator(
            settings: settings, store: store, bus: MortalBus(bus: bus, reaper: reaper), topics: TopicScheme(), key: key,
            trusted: TrustedAgents(directory: keys.path), clock: clock.wallClock,
            generator: SeededGenerator(seed: 5),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        self.coordinator = coordinator
        // Ends by cancellation; what it throws then is of no interest.
        running = Task { try? await coordinator.run() }
    }

    /// Takes the process away: nothing is written any more, and the file is closed as it is.
    func end() async throws {
        running.cancel()
        await running.value
        try store.close()
    }
}
