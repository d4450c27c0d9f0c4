// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFleet

/// What has happened to a rollout since one last looked, a line each.
struct RolloutProgress {
    private var last: RolloutStatus?
    /// Most agents that one line names.
    private static let maximumNames = 6

    /// Compares a rollout with how it stood before.
    ///
    /// - Returns: nothing if nothing that is worth a line has changed.
    mutating func lines(_ status: RolloutStatus, now: Timestamp, on terminal: Terminal) -> [String] {
        defer { last = status }
        let (rollout, before) = (status.rollout, last?.rollout)
        var lines: [String] = []
        if rollout.phase != before?.phase, !rollout.phase.isOver { lines.append(phase(rollout, terminal)) }
        if rollout.stage != before?.stage, rollout.stage >= 0 {
            let agents = status.targets.filter { $0.target.stage == rollout.stage }.map(\.target.agent.rawValue)
            lines.append(
                "stage \(rollout.stage + 1) of \(rollout.plan.stages.count) begins with \(names(agents))")
        }
        lines += moves(status, terminal)
        // The end comes after what has led to it.
        if rollout.phase != before?.phase, rollout.phase.isOver { lines.append(phase(rollout, terminal)) }
        if let waitsFor = rollout.waitsFor, waitsFor != before?.waitsFor { lines.append("waits: \(waitsFor)") }
        return lines.map { "\(terminal.tinted(HumanText.clock(now), .faint))  \($0)" }
    }

    private func phase(_ rollout: Rollout, _ terminal: Terminal) -> String {
        "rollout \(rollout.number), version \(rollout.version): "
            + terminal.tinted(rollout.phase.words, RolloutText.phase(rollout.phase).tint)
            + (rollout.reason.map { "; \($0)" } ?? "")
    }

    /// Agents that stand elsewhere than before, those that went the same way together.
    private func moves(_ status: RolloutStatus, _ terminal: Terminal) -> [String] {
        let known = Dictionary(
            (last?.targets ?? []).map { ($0.target.agent, $0) }, uniquingKeysWith: { first, _ in first })
        var moved: [String: [RolloutStatus.Target]] = [:]
        for target in status.targets where target.target.state != .waiting {
            let before = known[target.target.agent]?.target
            guard before?.state != target.target.state || before?.standing != target.target.standing else { continue }
            moved[key(target), default: []].append(target)
        }
        return moved.sorted { ($0.value[0].target.changedAt, $0.key) < ($1.value[0].target.changedAt, $1.key) }
            .map { key, targets in
                let tint: Tint =
                    switch targets[0].target.standing {
                    case .succeeded: .good
                    case .failed: .bad
                    case .silent: .warning
                    case .waiting, .pending: .plain
                    }
                let text = targets.count == 1 ? news(targets[0]) : ""
                return names(targets.map(\.target.agent.rawValue)) + " " + terminal.tinted(key, tint)
                    + (text.isEmpty ? "" : ": \(text)")
            }
    }

    /// What an agent has found out in the step that it has just taken.
    private func news(_ target: RolloutStatus.Target) -> String {
        switch target.target.state {
        case .confirmed where target.findings.isEmpty: RolloutEvidence.afterSwitch(target.target.evidence)
        case .ready: target.target.reason
        default: RolloutText.measured(target)
        }
    }

    /// What an agent does now, and what it counts as once that is decided.
    private func key(_ target: RolloutStatus.Target) -> String {
        let (state, standing) = (target.target.state.rawValue, target.target.standing)
        return standing == .pending || standing.rawValue == state ? state : "\(state), counts as \(standing.rawValue)"
    }

    private func names(_ agents: [String]) -> String {
        agents.prefix(Self.maximumNames).joined(separator: ", ")
            + (agents.count > Self.maximumNames ? " and \(agents.count - Self.maximumNames) more" : "")
    }
}
