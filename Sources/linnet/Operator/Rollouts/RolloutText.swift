// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFleet

/// Rollouts as a person reads them.
enum RolloutText {
    static func list(_ rollouts: [RolloutStatus], now: Timestamp, on terminal: Terminal) -> [String] {
        guard !rollouts.isEmpty else { return ["No rollout has been planned yet."] }
        var table = Table(
            .right("ROLLOUT"), "COHORT", .right("VERSION"), "PHASE", "STAGE", .right("SUCCEEDED"), .right("PENDING"),
            .right("FAILED"), .right("SILENT"), .right("AGENTS"), "PLANNED", "WHY")
        for status in rollouts {
            let (rollout, counts) = (status.rollout, status.counts)
            table.add(
                .init("\(rollout.number)"), .init(rollout.cohort.rawValue), .init("\(rollout.version.number)"),
                phase(rollout.phase), .init(stage(rollout)), .init("\(counts.succeeded)"), .init("\(counts.pending)"),
                .init("\(counts.failed)", counts.failed > 0 ? .bad : .plain),
                .init("\(counts.silent)", counts.silent > 0 ? .warning : .plain), .init("\(counts.total)"),
                .init("\(HumanText.ago(rollout.createdAt, now: now)) by \(rollout.createdBy)"),
                .init(rollout.waitsFor ?? rollout.reason ?? ""))
        }
        return table.lines(on: terminal)
    }

    /// One rollout in a few lines.
    static func summary(_ status: RolloutStatus, now: Timestamp, on terminal: Terminal) -> [String] {
        let rollout = status.rollout
        var lines = [
            "Rollout \(rollout.number): version \(rollout.version) to \(rollout.plan.filter) (\(rollout.cohort)), "
                + terminal.tinted(rollout.phase.words, phase(rollout.phase).tint)
        ]
        if let reason = rollout.reason { lines.append("  \(reason)") }
        if let waitsFor = rollout.waitsFor { lines.append("  waits: \(waitsFor)") }
        if rollout.phase == .awaitingApproval { lines.append("  waits: somebody else must approve it") }
        return lines
    }

    /// One rollout with its stages and agents.
    static func details(_ status: RolloutStatus, now: Timestamp, on terminal: Terminal) -> [String] {
        var lines = summary(status, now: now, on: terminal)
        lines.append("  \(story(status.rollout, now: now))")
        lines.append("")
        var stages = Table(
            .right("STAGE"), .right("SIZE"), "STANDS", .right("SUCCEEDED"), .right("PENDING"), .right("FAILED"),
            .right("SILENT"), .right("WAITING"), "ASKS FOR")
        for (index, stage) in status.stages.enumerated() {
            let plan = status.rollout.plan.stages[index]
            stages.add(
                .init("\(index + 1)"), .init("\(stage.size)"),
                stage.isReached ? .init("reached", .note) : .init("to come", .faint),
                .init("\(stage.counts.succeeded)"),
                .init("\(stage.counts.pending)"),
                .init("\(stage.counts.failed)", stage.counts.failed > 0 ? .bad : .plain),
                .init("\(stage.counts.silent)", stage.counts.silent > 0 ? .warning : .plain),
                .init("\(stage.counts.waiting)"),
                .init(
                    "success \(Percent.text(plan.successShare)), errors up to \(Percent.text(plan.errorShare)), silent up to "
                        + "\(Percent.text(plan.silentShare)), soak \(HumanText.span(seconds: Int64(plan.soakSeconds)))")
            )
        }
        lines += stages.lines(on: terminal)
        if !status.gates.isEmpty { lines += [""] + gates(status).lines(on: terminal) }
        guard !status.targets.isEmpty else { return lines }
        var agents = Table("AGENT", .right("STAGE"), "STATE", "COUNTS AS", "CHANGED", "MEASURED")
        for target in status.targets where target.target.state != .waiting {
            let counts = target.target.standing
            agents.add(
                .init(target.target.agent.rawValue), .init("\(target.target.stage + 1)"),
                .init(target.target.state.rawValue),
                .init(counts.rawValue, counts == .succeeded ? .good : counts == .failed ? .bad : .plain),
                .init(HumanText.ago(target.target.changedAt, now: now)),
                .init(measured(target)))
        }
        return agents.rows.isEmpty ? lines : lines + [""] + agents.lines(on: terminal)
    }

    /// Who did what when, in one line.
    private static func story(_ rollout: Rollout, now: Timestamp) -> String {
        var parts = ["planned \(HumanText.ago(rollout.createdAt, now: now)) by \(rollout.createdBy)"]
        if let who = rollout.submittedBy { parts.append("started by \(who)") }
        if let who = rollout.approvedBy { parts.append("approved by \(who)") }
        if let time = rollout.startedAt { parts.append("begun \(HumanText.ago(time, now: now))") }
        if let time = rollout.endedAt { parts.append("ended \(HumanText.ago(time, now: now))") }
        return parts.joined(separator: ", ")
    }

    /// What each limit on behaviour rests on.
    private static func gates(_ status: RolloutStatus) -> Table {
        var table = Table("GATE", "ALLOWED", .right("WORST"), "AT", .right("MEASURED BY"), .right("BROKEN BY"))
        for gate in status.gates {
            let limit = "\(gate.worst.mustReach ? "at least" : "at most") \(RolloutEvidence.number(gate.worst.limit))"
            table.add(
                .init(gate.worst.gate), .init(limit),
                .init(RolloutEvidence.number(gate.worst.measured), gate.broken > 0 ? .bad : .plain),
                .init(gate.agent?.rawValue ?? "–"), .init("\(gate.measured) of \(status.counts.reached)"),
                .init("\(gate.broken)", gate.broken > 0 ? .bad : .plain))
        }
        return table
    }

    static func history(_ entries: [EvidenceEntry], on terminal: Terminal) -> [String] {
        guard !entries.isEmpty else { return ["Nothing has been heard."] }
        var table = Table("AT (UTC)", "AGENT", "STATE", "WHY, AND WHAT WAS MEASURED")
        var known: [AgentID: [String: Double]] = [:]
        for entry in entries {
            // An entry holds all that was measured by then; what is new in it is what it tells.
            let news = entry.evidence.filter { known[entry.agent]?[$0.key] != $0.value }
            known[entry.agent] = entry.evidence
            let told = [entry.reason, RolloutEvidence.all(news)].filter { !$0.isEmpty }
            table.add(
                .init(HumanText.dateTime(entry.at)), .init(entry.agent.rawValue), .init(entry.state.rawValue),
                .init(told.joined(separator: "; ")))
        }
        return table.lines(on: terminal)
    }

    /// The limits that an agent breaks, or else what it said when it failed, or else the ratios behind its standing.
    static func measured(_ target: RolloutStatus.Target) -> String {
        if !target.findings.isEmpty { return target.findings.joined(separator: ", ") }
        if !target.target.reason.isEmpty, target.target.standing == .failed { return target.target.reason }
        return RolloutEvidence.summary(target.target.evidence)
    }

    private static func stage(_ rollout: Rollout) -> String {
        rollout.stage < 0 ? "–" : "\(rollout.stage + 1) of \(rollout.plan.stages.count)"
    }

    static func phase(_ phase: RolloutPhase) -> Table.Cell {
        switch phase {
        case .succeeded: .init(phase.words, .good)
        case .failed, .rolledBack: .init(phase.words, .bad)
        case .paused, .superseded, .awaitingApproval: .init(phase.words, .warning)
        case .draft, .scheduled, .running: .init(phase.words, .note)
        }
    }
}
