// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain

/// Events on their way to the disk, in order; they wait here in memory while it is full.
struct EventQueue: Sendable {
    struct Entry: Sendable {
        var event: AnomalyEvent
        /// The device's alarm state after it, which is committed with it.
        var alarmState: Data
    }

    /// Most events that wait for room on the disk.
    static let maximumWaiting = 100

    private var waiting: [Entry] = []

    var isEmpty: Bool { waiting.isEmpty }
    var first: Entry? { waiting.first }

    /// - Returns: whether an event had to go for it.
    mutating func add(_ event: AnomalyEvent, alarmState: Data) -> Bool {
        waiting.append(Entry(event: event, alarmState: alarmState))
        guard waiting.count > Self.maximumWaiting else { return false }
        waiting.removeFirst()
        return true
    }

    /// Takes out an entry that is committed; it may have had to go meanwhile.
    mutating func remove(_ entry: Entry) {
        if let first = waiting.first, first.event.id == entry.event.id, first.event.revision == entry.event.revision {
            waiting.removeFirst()
        }
    }
}
