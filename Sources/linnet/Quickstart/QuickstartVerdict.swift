// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Whether a run kept what Linnet promises, judged from what it left in its databases.
///
/// Pure: the same facts give the same verdict, and nothing is read or waited for here.
package struct QuickstartVerdict: Sendable {
    /// One injected fault and the events that show it, the first of them first.
    package struct Sighting: Sendable, Equatable {
        package var fault: InjectedFault
        package var events: [StoredEvent]
    }

    package static let fewestRounds = 3

    package let sightings: [Sighting]
    /// Stored events that touch no injected fault.
    package let falseAlarms: [StoredEvent]
    /// Alarms that an agent raised and has handed over, and that the coordinator does not hold.
    package let lost: [RaisedAlarm]
    /// Stored events that no agent has in its ledger.
    package let unexplained: [StoredEvent]
    /// Events that say again what another one says: an id stored twice, or two events of one device at the same time.
    package let duplicateEvents: Int
    /// What does not hold, one sentence each; none if all is well.
    package let failures: [String]

    package var isGood: Bool { failures.isEmpty }
    package var faultsDetected: Int { sightings.count { !$0.events.isEmpty } }

    package init(_ facts: RunFacts) {
        let events = facts.stored.sorted { ($0.seconds.lowerBound, $0.id) < ($1.seconds.lowerBound, $1.id) }
        func isSight(_ event: StoredEvent, of fault: InjectedFault) -> Bool {
            event.agent == fault.agent && event.device == fault.device && FaultMatch.isSeen(fault, by: event.seconds)
        }
        sightings = facts.judged.map { fault in
            Sighting(fault: fault, events: events.filter { isSight($0, of: fault) })
        }
        falseAlarms = events.filter { event in !facts.injected.contains { isSight(event, of: $0) } }
        let storedIDs = Set(events.map(\.id))
        lost = facts.raised.filter { !$0.isWaiting && !storedIDs.contains($0.id) }
        let raisedIDs = Set(facts.raised.map(\.id))
        unexplained = events.filter { !raisedIDs.contains($0.id) }
        duplicateEvents = Self.countDuplicates(events)
        failures = Self.failures(
            facts, sightings: sightings, lost: lost, unexplained: unexplained, duplicateEvents: duplicateEvents)
    }

    /// - Parameter events: in order of their start.
    private static func countDuplicates(_ events: [StoredEvent]) -> Int {
        let twice = events.count - Set(events.map(\.id)).count
        let byDevice = Dictionary(grouping: events) { "\($0.agent)/\($0.device)" }
        let overlapping = byDevice.values.reduce(0) { count, events in
            var end = -Double.infinity
            return count
                + events.count { event in
                    defer { end = max(end, event.seconds.upperBound) }
                    return event.seconds.lowerBound < end
                }
        }
        return twice + overlapping
    }

    private static func failures(
        _ facts: RunFacts, sightings: [Sighting], lost: [RaisedAlarm], unexplained: [StoredEvent], duplicateEvents: Int
    ) -> [String] {
        var failures = facts.casualties
        if facts.rounds < fewestRounds {
            failures.append("\(facts.rounds) training rounds were committed; at least \(fewestRounds) are expected")
        }
        if facts.agentsOnVersion < facts.agents {
            failures.append(
                "\(facts.agents - facts.agentsOnVersion) of \(facts.agents) agents do not run the newest released version"
            )
        }
        for sighting in sightings where sighting.events.isEmpty {
            let fault = sighting.fault
            failures.append(
                "no event of \(fault.device) shows the fault \"\(fault.words)\" of second "
                    + "\(Int(fault.startSeconds)) to \(Int(fault.endSeconds))")
        }
        for alarm in lost {
            failures.append("alarm \(alarm.id) of \(alarm.device) is in \(alarm.agent)'s ledger and not in the store")
        }
        for event in unexplained {
            failures.append("event \(event.id) of \(event.device) is in the store and in no agent's ledger")
        }
        if duplicateEvents > 0 {
            failures.append("\(duplicateEvents) stored events repeat another event of their device")
        }
        return failures
    }
}
