// SPDX-License-Identifier: Apache-2.0

import HeapModule
import LinnetDomain

/// What is going to happen, in the order of virtual time; of two events at one time the one planned first comes first.
///
/// Time moves only by taking the next event, so a year passes as fast as it can be computed, and the same seed gives the
/// same order.
struct EventQueue<Event> {
    private struct Entry: Comparable {
        let at: Timestamp
        let number: Int
        let event: Event

        static func < (left: Entry, right: Entry) -> Bool { (left.at, left.number) < (right.at, right.number) }
        static func == (left: Entry, right: Entry) -> Bool { left.number == right.number }
    }

    /// When the simulation began, and what the time is.
    let start: Timestamp
    private(set) var now: Timestamp
    /// Events taken so far.
    private(set) var count = 0
    private var heap = Heap<Entry>()
    private var planned = 0

    init(start: Timestamp) {
        self.start = start
        now = start
    }

    /// Virtual milliseconds since the start; never goes back, as a monotonic clock.
    var uptime: Int64 { now.milliseconds(since: start) }

    /// Plans an event `milliseconds` from now; 0 comes after all that is planned for now already.
    mutating func plan(_ event: Event, after milliseconds: Int64) {
        heap.insert(Entry(at: now.adding(milliseconds: max(0, milliseconds)), number: planned, event: event))
        planned += 1
    }

    /// Takes the next event and moves the time on to it; `nil` once nothing is planned.
    mutating func next() -> Event? {
        guard let entry = heap.popMin() else { return nil }
        now = entry.at
        count += 1
        return entry.event
    }
}
