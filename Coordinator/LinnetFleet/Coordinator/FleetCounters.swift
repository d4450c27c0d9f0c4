// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Counts what happened since the coordinator started; safe to use from any thread.
public final class FleetCounters: Sendable {
    /// What is counted.
    public enum Name: String, CaseIterable, Sendable {
        case eventsStored = "events_stored"
        case eventsDuplicate = "events_duplicate"
        case messagesMalformed = "messages_malformed"
        case messagesDropped = "messages_dropped"
        case publishFailures = "publish_failures"
        case storeFailures = "store_failures"
        case updatesAccepted = "updates_accepted"
        case updatesRefused = "updates_refused"
        case chunksSent = "chunks_sent"
    }

    private let counts = Mutex<[Name: Int]>([:])

    public init() {}

    func count(_ name: Name) { counts.withLock { $0[name, default: 0] += 1 } }

    public subscript(_ name: Name) -> Int { counts.withLock { $0[name, default: 0] } }
}
