// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFleet
import LinnetMessaging

/// Tells a fleet's changes as sentences: what is new in a snapshot that was not in the one before.
///
/// Pure: handed snapshots, times and process events, it answers with lines; nothing is read or printed here.
struct FleetStory {
    struct Line: Equatable {
        /// Since the start.
        var seconds: Double
        var text: String
        var tint: Tint
    }

    let schedule: FaultSchedule
    let epoch: Timestamp
    /// The device of the host's own agent, whose cohort is told apart by it.
    let mainAgent: AgentID

    private var knownRounds: [Int: String] = [:]
    private var versions: [AgentID: ModelVersion] = [:]
    private var online: Set<AgentID> = []
    private var eventRevisions: [ULID: Int] = [:]
    private var toldFaults = 0
    private var openFaults: [InjectedFault] = []

    init(schedule: FaultSchedule, epoch: Timestamp, mainAgent: AgentID) {
        self.schedule = schedule
        self.epoch = epoch
        self.mainAgent = mainAgent
    }

    /// Faults that have begun or ended by now.
    mutating func tell(faultsUntil seconds: Double) -> [Line] {
        var lines: [Line] = []
        while toldFaults < schedule.faults.count, schedule.faults[toldFaults].startSeconds <= seconds {
            let fault = schedule.faults[toldFaults]
            toldFaults += 1
            openFaults.append(fault)
            lines.append(
                Line(
                    seconds: fault.startSeconds,
                    text:
                        "fault injected into \(fault.device): \(fault.words), for \(Int(fault.durationSeconds.rounded())) s",
                    tint: .warning))
        }
        for fault in openFaults where fault.endSeconds <= seconds {
            lines.append(
                Line(seconds: fault.endSeconds, text: "fault over on \(fault.device): \(fault.words)", tint: .faint))
        }
        openFaults.removeAll { $0.endSeconds <= seconds }
        return lines
    }

    /// What happened to processes.
    func tell(_ event: ProcessSupervisor.Event, at seconds: Double) -> Line {
        switch event {
        case .started(let name, let pid):
            Line(seconds: seconds, text: "\(name) started, process \(pid)", tint: .faint)
        case .died(let name, let how): Line(seconds: seconds, text: "\(name) died: \(how)", tint: .bad)
        case .restarted(let name, let pid):
            Line(seconds: seconds, text: "\(name) started again, process \(pid)", tint: .warning)
        case .gaveUp(let name, let how):
            Line(seconds: seconds, text: "\(name) keeps dying (\(how)) and is left alone", tint: .bad)
        case .killed(let name):
            Line(seconds: seconds, text: "\(name) did not stop within 10 s and was killed", tint: .warning)
        }
    }

    /// What is new in `snapshot`.
    mutating func tell(_ snapshot: FleetSnapshot, at seconds: Double) -> [Line] {
        tellRounds(snapshot, at: seconds) + tellAgents(snapshot, at: seconds) + tellEvents(snapshot)
    }

    private mutating func tellAgents(_ snapshot: FleetSnapshot, at seconds: Double) -> [Line] {
        var lines: [Line] = []
        var switched: [ModelVersion: [String]] = [:]
        for agent in snapshot.agents {
            if agent.online, online.insert(agent.id).inserted {
                lines.append(Line(seconds: seconds, text: "\(agent.id) is online", tint: .plain))
            } else if !agent.online, online.remove(agent.id) != nil {
                lines.append(Line(seconds: seconds, text: "\(agent.id) is offline", tint: .bad))
            }
            guard let active = agent.active, versions[agent.id] != active else { continue }
            versions[agent.id] = active
            switched[active, default: []].append(agent.id.rawValue)
        }
        for (version, agents) in switched.sorted(by: { $0.value[0] < $1.value[0] }) {
            let what = version.isLocal ? "a model that it has learned alone" : "version \(version.number)"
            let verb = agents.count == 1 ? "runs" : "run"
            lines.append(
                Line(seconds: seconds, text: "\(agents.joined(separator: ", ")) now \(verb) \(what)", tint: .note))
        }
        return lines
    }

    private mutating func tellRounds(_ snapshot: FleetSnapshot, at seconds: Double) -> [Line] {
        var lines: [Line] = []
        for round in snapshot.rounds.sorted(by: { $0.round < $1.round }) where knownRounds[round.round] != round.phase {
            let isNew = knownRounds.updateValue(round.phase, forKey: round.round) == nil
            let who = whose(round, in: snapshot)
            switch round.phase {
            case "committed":
                lines.append(
                    Line(
                        seconds: seconds, text: "round \(round.round) committed: \(outcome(of: round))\(who)",
                        tint: .good))
            case "abandoned":
                lines.append(
                    Line(
                        seconds: seconds, text: "round \(round.round) abandoned: \(round.reason ?? "")\(who)",
                        tint: .warning))
            default:
                guard isNew else { continue }
                let what =
                    switch round.kind {
                    case .statistics: "gathers statistics of each channel"
                    case .training: "trains"
                    case .evaluation: "scores version \(round.base?.number ?? 0)"
                    }
                lines.append(
                    Line(
                        seconds: seconds,
                        text:
                            "round \(round.round) \(what) with \(HumanText.plural(round.participants.count, "agent"))\(who)",
                        tint: .faint))
            }
        }
        return lines
    }

    private func outcome(of round: RoundReport) -> String {
        let from = "from \(HumanText.plural(round.accepted.count, "agent"))"
        let refused = round.refused.isEmpty ? "" : ", \(round.refused.count) refused"
        if let found = round.evaluation {
            return "version \(found.version.number) scored by \(HumanText.plural(found.agents, "agent")), loss "
                + HumanText.number(found.loss)
        }
        guard round.kind == .training else { return "a scale for every channel, \(from)\(refused)" }
        let version = round.version.map { "version \($0.number) " } ?? ""
        let loss =
            round.lossAfter.map { ", loss \(HumanText.number(round.lossBefore)) → \(HumanText.number($0))" } ?? ""
        return "\(version)\(from)\(refused)\(loss)"
    }

    /// Nothing for the main cohort; for another one, whose round it is.
    private func whose(_ round: RoundReport, in snapshot: FleetSnapshot) -> String {
        guard round.cohort != snapshot.cohort(of: mainAgent)?.id else { return "" }
        let devices = snapshot.agents.filter { $0.cohort == round.cohort }.flatMap(\.devices).map(\.id.rawValue)
        return devices.isEmpty ? "" : " (\(devices.joined(separator: ", ")))"
    }

    private mutating func tellEvents(_ snapshot: FleetSnapshot) -> [Line] {
        var lines: [Line] = []
        for event in snapshot.events where (eventRevisions[event.id] ?? 0) < event.revision {
            let isNew = eventRevisions.updateValue(event.revision, forKey: event.id) == nil
            if isNew {
                let fault = fault(seenBy: event)
                let match = fault.map { "matches the injected \($0.words)" } ?? "matches no injected fault"
                lines.append(
                    Line(
                        seconds: seconds(event.id.time),
                        text: "ANOMALY on \(event.device): \(Self.cause(event)); \(match)", tint: .bad))
            }
            if event.state == .cleared {
                lines.append(
                    Line(
                        seconds: seconds(event.endedAt),
                        text: "cleared on \(event.device) after "
                            + HumanText.span(seconds: event.endedAt.milliseconds(since: event.startedAt) / 1000),
                        tint: .good))
            }
        }
        return lines
    }

    /// Which channel, and how far above the threshold.
    static func cause(_ event: AnomalyEvent) -> String {
        let top = event.contributions.first
        let share =
            top.flatMap { $0.share.isFinite ? ", \(Int(($0.share * 100).rounded())) % of the error" : nil } ?? ""
        let channel = top.map { "\($0.channel)\(share); " } ?? ""
        return "\(channel)score \(HumanText.number(event.peakScore)), threshold \(HumanText.number(event.threshold))"
    }

    /// The injected fault that an event shows, if there is one.
    func fault(seenBy event: AnomalyEvent) -> InjectedFault? {
        let start = seconds(event.startedAt)
        return schedule.fault(of: event.device, seenBy: start...max(start, seconds(event.endedAt)))
    }

    func seconds(_ time: Timestamp) -> Double { Double(time.milliseconds(since: epoch)) / 1000 }
}
