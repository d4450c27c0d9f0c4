// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFleet
import LinnetMessaging

/// Draws the demonstration's picture for a person at a terminal, over and over in the same place.
struct LiveScreen {
    /// What is drawn.
    struct Scene {
        var seconds: Double
        /// Where the run ends; none if it runs until Ctrl-C.
        var totalSeconds: Double?
        var snapshot: FleetSnapshot?
        var story: FleetStory
        /// The newest last.
        var lines: [FleetStory.Line]
        var scenario: Scenario
        var restarts: Int
        var hints: [String]
    }

    let terminal: Terminal

    /// The bytes that put `scene` on the screen: home, each line cleared to its end, and all below it cleared.
    func frame(_ scene: Scene) -> String {
        let size = terminal.size
        let lines = self.lines(scene, rows: size.rows - 1).prefix(size.rows - 1)
        return "\u{1B}[H" + lines.map { clipped($0, to: size.columns) + "\u{1B}[K\n" }.joined() + "\u{1B}[J"
    }

    /// Clears the screen for the first frame.
    static let opening = "\u{1B}[2J"

    func lines(_ scene: Scene, rows: Int) -> [String] {
        let head = header(scene) + [""] + devices(scene) + [""]
        let foot = [""] + scene.hints.map { terminal.tinted($0, .faint) }
        let left = max(4, rows - head.count - foot.count - 3)
        let events = anomalies(scene, most: max(2, left / 2))
        let news = scene.lines.suffix(max(2, left - events.count)).reversed().map { line in
            "  \(Self.clock(line.seconds))  \(terminal.tinted(line.text, line.tint))"
        }
        return head + [terminal.tinted("Anomalies, newest first", .strong)] + events + [""]
            + [terminal.tinted("What happened, newest first", .strong)] + news + foot
    }

    private func header(_ scene: Scene) -> [String] {
        let end = scene.totalSeconds.map { " of \(Self.clock($0))" } ?? ", until Ctrl-C"
        let restarts = scene.restarts == 0 ? "" : terminal.tinted("   \(scene.restarts) restarted", .warning)
        let title = terminal.tinted("Linnet quickstart", .strong) + "   \(Self.clock(scene.seconds))\(end)\(restarts)"
        guard let snapshot = scene.snapshot, let main = snapshot.cohort(of: scene.story.mainAgent) else {
            return [title, "The coordinator waits for the agents' first words …"]
        }
        let rounds = snapshot.committed(in: main.id)
        let losses = rounds.compactMap(\.lossAfter)
        let loss =
            losses.isEmpty
            ? "no loss yet"
            : "loss \(HumanText.number(main.firstLoss ?? losses.first)) → \(HumanText.number(losses.last))  "
                + HumanText.sparkline(losses.suffix(24))
        let version = main.released.map { "newest version \($0.number)" } ?? "no version yet"
        let now = main.openRound.map { "round \($0) is open" } ?? main.blocker ?? "between rounds"
        return [
            title,
            "rounds     \(HumanText.plural(rounds.count, "training round")) committed, \(loss)   "
                + "\(terminal.tinted(version, .note))   \(terminal.tinted(now, .faint))",
            "faults     \(terminal.tinted(faults(scene), .warning))",
        ]
    }

    /// The fault that is on, and else the next one.
    private func faults(_ scene: Scene) -> String {
        let faults = scene.story.schedule.faults
        let present = faults.filter { ($0.startSeconds...$0.endSeconds).contains(scene.seconds) }
        guard present.isEmpty else {
            return present.map { "\($0.words) in \($0.device)" }.joined(separator: ", ")
        }
        guard let next = faults.first(where: { $0.startSeconds > scene.seconds }) else { return "none any more" }
        return "next at \(Self.clock(next.startSeconds)): \(next.words) in \(next.device)"
    }

    private func devices(_ scene: Scene) -> [String] {
        var table = Table(
            "DEVICE", "AGENT", "PHASE", "VERSION", "SCORE OF THRESHOLD", .right("WINDOWS"), .right("OUTBOX"))
        for member in scene.scenario.members {
            guard let agent = scene.snapshot?.agents.first(where: { $0.id == member.agent }),
                let device = agent.devices.first(where: { $0.id == member.device })
            else {
                table.add(
                    .init(member.device.rawValue), .init(member.agent.rawValue), .init("starting", .faint), "–", "–",
                    "–",
                    "–")
                continue
            }
            table.add(
                .init(member.device.rawValue), .init(member.agent.rawValue),
                agent.online ? AgentsCommand.phase(device.phase) : .init("offline", .bad), version(agent),
                score(device),
                .init(HumanText.count(agent.trainingWindows)), .init(HumanText.count(agent.outboxDepth)))
        }
        return table.lines(on: terminal)
    }

    private func version(_ agent: AgentReport) -> Table.Cell {
        guard let active = agent.active else { return .init("none yet", .faint) }
        let name = active.isLocal ? "local" : "\(active.number)"
        if let candidate = agent.candidate { return .init("\(name), trying \(candidate.number)", .note) }
        return agent.onNewest ? .init("\(name) ✓", .good) : .init(name, .warning)
    }

    private func score(_ device: DeviceState) -> Table.Cell {
        guard let score = device.score, let threshold = device.threshold else { return "–" }
        let isOver = score > threshold
        let text =
            "\(HumanText.bar(score, of: threshold, width: 12)) \(HumanText.number(score)) / \(HumanText.number(threshold))"
        return .init(text, isOver ? .bad : .plain)
    }

    private func anomalies(_ scene: Scene, most: Int) -> [String] {
        guard let events = scene.snapshot?.events, !events.isEmpty else {
            return [terminal.tinted("  none so far", .faint)]
        }
        return events.suffix(most).reversed().map { event in
            let state =
                event.state == .firing ? terminal.tinted("FIRING ", .bad) : terminal.tinted("cleared", .good)
            let match =
                scene.story.fault(seenBy: event).map { terminal.tinted("injected: \($0.words)", .warning) }
                ?? terminal.tinted("no fault was injected", .faint)
            return "  \(Self.clock(scene.story.seconds(event.startedAt)))  \(state)  \(event.device)  "
                + "\(FleetStory.cause(event))  (\(match))"
        }
    }

    /// Minutes and seconds: `01:07`.
    static func clock(_ seconds: Double) -> String {
        let whole = Int(max(0, min(seconds, 1e9)))
        let minutes = whole / 60
        return "\(minutes < 10 ? "0" : "")\(minutes):\(whole % 60 < 10 ? "0" : "")\(whole % 60)"
    }

    /// A line cut to the window's width; escape sequences take no room.
    private func clipped(_ line: String, to width: Int) -> String {
        var result = ""
        var room = width
        var isEscape = false
        for character in line {
            if character == "\u{1B}" { isEscape = true }
            if isEscape {
                result.append(character)
                if character.isLetter { isEscape = false }
            } else if room > 0 {
                result.append(character)
                room -= 1
            }
        }
        return result
    }
}
