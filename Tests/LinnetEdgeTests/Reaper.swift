// SPDX-License-Identifier: Apache-2.0

import GRDB
import LinnetMessaging
import Synchronization

/// Ends an agent's life before a chosen write about its models: from then on nothing it writes is kept, and nothing it says
/// is heard. What is on the disk then is all that the writes before have left, so every number walks every state of it.
///
/// Windows are stored all the time and at no certain moment; their commits do not count.
final class Reaper: TransactionObserver, Sendable {
    private struct State {
        var commits = 0
        var isAboutModels = false
        var isDead = false
    }

    private let state = Mutex(State())
    private let commit: Int
    private static let tables: Set<String> = ["model", "history", "download", "chunk"]

    /// - Parameter commit: the commit at which it strikes, the first being 1; 0 for never.
    init(at commit: Int = 0) { self.commit = commit }

    var isDead: Bool { state.withLock { $0.isDead } }

    struct Killed: Error {}

    func observes(eventsOfKind kind: DatabaseEventKind) -> Bool { Self.tables.contains(kind.tableName) }
    func databaseDidChange(with event: DatabaseEvent) { state.withLock { $0.isAboutModels = true } }
    func databaseDidRollback(_ database: Database) { state.withLock { $0.isAboutModels = false } }

    func databaseWillCommit() throws {
        try state.withLock { state in
            if state.isAboutModels { state.commits += 1 }
            if state.isAboutModels, state.commits == commit { state.isDead = true }
            guard !state.isDead else { throw Killed() }
        }
    }

    func databaseDidCommit(_ database: Database) { state.withLock { $0.isAboutModels = false } }
}

/// A bus that a dead agent can not be heard on, and hears nothing from.
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
