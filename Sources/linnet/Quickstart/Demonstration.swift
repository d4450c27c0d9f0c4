// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinnetDomain
import LinnetFleet

/// One run of the quickstart, from the first file to the verdict.
struct Demonstration {
    let installation: Installation
    let directory: RunDirectory
    let scenario: Scenario
    let schedule: FaultSchedule
    /// What becomes of new versions.
    let releases: ReleasePolicy
    /// None for a run until Ctrl-C.
    let totalSeconds: Double?
    let usesTLS: Bool
    let printsJSON: Bool
    let keepsDirectory: Bool

    private let epoch = Timestamp.now()
    private let terminal = Terminal.standardOutput()
    private var lines: [FleetStory.Line] = []
    private var gaveUp: [String] = []
    private var snapshot: FleetSnapshot?

    /// How long the fleet may take, after the run, to hand over everything and to agree on one version.
    private static let settlingSeconds: Double = 45
    /// Within the settling time, how long to wait for events of faults that nothing has shown yet.
    private static let lateEventSeconds: Double = 12
    private static let mostLines = 200

    init(
        installation: Installation, directory: RunDirectory, scenario: Scenario, schedule: FaultSchedule,
        releases: ReleasePolicy, totalSeconds: Double?, usesTLS: Bool, printsJSON: Bool, keepsDirectory: Bool
    ) {
        self.installation = installation
        self.directory = directory
        self.scenario = scenario
        self.schedule = schedule
        self.releases = releases
        self.totalSeconds = totalSeconds
        self.usesTLS = usesTLS
        self.printsJSON = printsJSON
        self.keepsDirectory = keepsDirectory
    }

    /// Runs to the end.
    ///
    /// - Returns: whether everything held that the quickstart promises.
    mutating func run() throws -> Bool {
        Interruption.listen()
        let introduction = Introduction(scenario: scenario, schedule: schedule, totalSeconds: totalSeconds)
        Report.show(introduction.lines(on: terminal))
        let prepared = try prepare()
        let hints = introduction.hints(tap: prepared.broker.tap, apiURL: prepared.apiURL, directory: directory.path)
        Report.show(hints)

        let supervisor = ProcessSupervisor(registryPath: directory.processes)
        supervisor.begin()
        for plan in prepared.processes { supervisor.run(plan) }
        var api = try CoordinatorAPI(address: prepared.apiURL)
        api.timeoutSeconds = 3
        watch(supervisor, FleetWatch(api: api), hints: hints)
        let endSeconds = secondsNow
        supervisor.stop()
        for event in supervisor.takeEvents() {
            if case .killed(let name) = event {
                gaveUp.append("\(name) did not stop when asked to, and had to be killed")
            }
        }
        return try conclude(endSeconds: endSeconds, apiURL: prepared.apiURL, restarts: supervisor.restarts)
    }

    private var secondsNow: Double { Double(Timestamp.now().milliseconds(since: epoch)) / 1000 }

    private func prepare() throws -> Preparation.Result {
        let seconds = totalSeconds ?? 300
        do {
            return try Preparation(
                installation: installation, directory: directory, scenario: scenario, schedule: schedule,
                releases: releases, epoch: epoch,
                roundSeconds: Int(min(max(seconds / 10, 9), 30))
            ).perform(withTLS: usesTLS)
        } catch {
            if directory.isTemporary { directory.remove() }
            throw error
        }
    }

    // MARK: - Watching

    private mutating func watch(_ supervisor: ProcessSupervisor, _ watch: FleetWatch, hints: [String]) {
        var watch = watch
        var story = FleetStory(schedule: schedule, epoch: epoch, mainAgent: scenario.members[0].agent)
        let screen = terminal.isInteractive ? LiveScreen(terminal: terminal) : nil
        if screen != nil { Report.write(LiveScreen.opening) }
        var settlingSince: Double?
        while true {
            let now = secondsNow
            for event in supervisor.takeEvents() { note(event, story.tell(event, at: now), shown: screen == nil) }
            note(story.tell(faultsUntil: now), shown: screen == nil)
            // A coordinator that starts, or starts again, is asked once more in a moment.
            if let fresh = try? watch.snapshot() {
                snapshot = fresh
                note(story.tell(fresh, at: secondsNow), shown: screen == nil)
            } else if settlingSince != nil {
                snapshot = nil
            }
            if let screen {
                Report.write(
                    screen.frame(
                        .init(
                            seconds: now, totalSeconds: totalSeconds, snapshot: snapshot, story: story, lines: lines,
                            scenario: scenario, restarts: supervisor.restarts, hints: hints)))
            }
            if !gaveUp.isEmpty { return }
            if settlingSince == nil, Interruption.isAsked || now >= totalSeconds ?? .infinity {
                settlingSince = now
                let line = FleetStory.Line(
                    seconds: now, text: "the run is over; waiting until every agent has handed over everything",
                    tint: .strong)
                note([line], shown: screen == nil)
            }
            if let start = settlingSince, isOver(after: now - start, at: start) { return }
            Thread.sleep(forTimeInterval: 0.5)
        }
    }

    /// Whether there is nothing left to wait for, or no more time to wait.
    private func isOver(after seconds: Double, at end: Double) -> Bool {
        guard seconds < Self.settlingSeconds else { return true }
        guard let snapshot, snapshot.isSettled(agents: scenario.members.count) else { return false }
        let isEachSeen = schedule.completed(at: end).allSatisfy { fault in
            snapshot.events.contains { event in
                event.device == fault.device && event.agent == fault.agent
                    && FaultMatch.isSeen(fault, by: span(of: event))
            }
        }
        return isEachSeen || seconds >= Self.lateEventSeconds
    }

    private func span(of event: AnomalyEvent) -> ClosedRange<Double> {
        let start = Double(event.startedAt.milliseconds(since: epoch)) / 1000
        return start...max(start, Double(event.endedAt.milliseconds(since: epoch)) / 1000)
    }

    private mutating func note(_ event: ProcessSupervisor.Event, _ line: FleetStory.Line, shown: Bool) {
        if case .gaveUp(let name, let how) = event {
            gaveUp.append("\(name) kept dying (\(how)); its log says why")
        }
        note([line], shown: shown)
    }

    private mutating func note(_ new: [FleetStory.Line], shown: Bool) {
        lines = (lines + new).suffix(Self.mostLines)
        guard shown else { return }
        Report.show(new.map { "\(LiveScreen.clock($0.seconds))  \(terminal.tinted($0.text, $0.tint))" })
    }

    // MARK: - The end

    private func conclude(endSeconds: Double, apiURL: String, restarts: Int) throws -> Bool {
        let facts = try gatherFacts(endSeconds: endSeconds)
        let verdict = QuickstartVerdict(facts)
        let conclusion = Conclusion(
            facts: facts, verdict: verdict, seconds: endSeconds, restarts: restarts, directory: directory.path)
        Report.show(conclusion.lines(on: terminal))
        if keepsDirectory || !verdict.isGood {
            Report.show(["Everything is kept in \(directory.path) (logs in \(directory.path)/logs)"])
        } else {
            directory.remove()
        }
        if printsJSON {
            let summary = QuickstartSummary(facts, verdict, seconds: endSeconds, apiURL: apiURL)
            Report.show([try summary.line()])
        }
        return verdict.isGood
    }

    private func gatherFacts(endSeconds: Double) throws -> RunFacts {
        var facts = RunFacts()
        facts.agents = scenario.members.count
        facts.casualties = gaveUp
        if let snapshot {
            facts.agentsOnVersion = snapshot.agents.count { $0.onNewest }
            if let main = snapshot.cohort(of: scenario.members[0].agent) {
                facts.rounds = snapshot.committed(in: main.id).count
                facts.modelVersion = main.released?.number
                facts.firstLoss = main.firstLoss
                facts.lastLoss = main.lastLoss
            }
        } else {
            facts.casualties.append("the coordinator's API did not answer at the end")
        }
        facts.injected = schedule.faults.filter { $0.startSeconds <= endSeconds }
        facts.judged = schedule.completed(at: endSeconds)
        let ledgers = Ledgers(directory: directory, epoch: epoch)
        do {
            facts.stored = try ledgers.storedEvents()
            for member in scenario.members { facts.raised += try ledgers.raisedAlarms(of: member.agent) }
        } catch {
            facts.casualties.append(error.description)
        }
        return facts
    }
}
