// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// What the demonstration says at its end: what was injected, what was found, and whether all is well.
struct Conclusion {
    let facts: RunFacts
    let verdict: QuickstartVerdict
    let seconds: Double
    let restarts: Int
    let directory: String

    func lines(on terminal: Terminal) -> [String] {
        [""] + sightings(on: terminal) + falseAlarms() + [""] + totals() + [""] + judgement(on: terminal)
    }

    private func sightings(on terminal: Terminal) -> [String] {
        guard !verdict.sightings.isEmpty else { return ["No fault was injected and over in time to be judged."] }
        var table = Table(
            .right("AT"), .right("FOR"), "DEVICE", "FAULT", .right("FOUND AFTER"), "MOSTLY", .right("EVENTS"))
        for sighting in verdict.sightings {
            let fault = sighting.fault
            let first = sighting.events.first
            table.add(
                .init(LiveScreen.clock(fault.startSeconds)), .init("\(Int(fault.durationSeconds.rounded())) s"),
                .init(fault.device.rawValue), .init(fault.words), found(fault, first), .init(first?.channel ?? ""),
                .init("\(sighting.events.count)", sighting.events.isEmpty ? .bad : .plain))
        }
        return table.lines(on: terminal)
    }

    private func found(_ fault: InjectedFault, _ event: StoredEvent?) -> Table.Cell {
        guard let event else { return .init("not found", .bad) }
        let delay = max(0, event.raisedSeconds - fault.startSeconds)
        return .init("\((delay * 10).rounded() / 10) s", .good)
    }

    private func falseAlarms() -> [String] {
        guard !verdict.falseAlarms.isEmpty else { return ["No false alarm."] }
        return verdict.falseAlarms.map { event in
            "False alarm: \(event.device) at \(LiveScreen.clock(event.seconds.lowerBound)), "
                + "mostly \(event.channel ?? "no channel")"
        }
    }

    private func totals() -> [String] {
        let version = facts.modelVersion.map { "newest version \($0)" } ?? "no version"
        let loss = facts.lastLoss.map { ", loss \(HumanText.number(facts.firstLoss)) → \(HumanText.number($0))" } ?? ""
        let repeats = verdict.sightings.reduce(0) { $0 + max(0, $1.events.count - 1) }
        return [
            "\(HumanText.plural(facts.rounds, "training round")) committed, \(version)\(loss)",
            "\(facts.agentsOnVersion) of \(facts.agents) agents run the newest released version of their cohort",
            "\(verdict.faultsDetected) of \(facts.judged.count) faults found, "
                + "\(HumanText.plural(verdict.falseAlarms.count, "false alarm")), "
                + "\(HumanText.plural(repeats, "repeated alarm"))",
            "\(HumanText.plural(facts.stored.count, "event")) stored, \(facts.raised.count) raised by agents, "
                + "\(verdict.lost.count) lost, \(verdict.duplicateEvents) twice",
            "\(HumanText.plural(restarts, "process restart")) in \(Int(seconds)) s",
        ]
    }

    private func judgement(on terminal: Terminal) -> [String] {
        guard !verdict.isGood else { return [terminal.tinted("All is well.", .good)] }
        return [terminal.tinted("Not all is well:", .bad)] + verdict.failures.map { "- \($0)" }
    }
}
