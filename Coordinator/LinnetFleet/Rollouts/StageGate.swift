// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Judges one stage: three answers, with the numbers behind them.
///
/// The denominator is every agent reached, ended or not, so that silence is neither success nor failure: too much of it holds
/// the stage. A stage below its success share holds as well, even when no agent is left that could still answer.
public enum StageGate {
    /// The answer.
    public enum Verdict: Sendable, Equatable {
        /// The stage has what it asks for.
        case passes
        /// It has not, or not yet; nothing moves.
        case holds(String)
        /// What must not be is: the rollout ends.
        case fails(String)
    }

    /// - Parameters:
    ///   - counts: of groups of agents that each must hold; what stops one stops all.
    ///   - failures: what agents that failed have said, for the reason.
    ///   - unknown: what agents that confirmed have not measured.
    ///   - alarmsPerHour: raised by the version on all agents; `nil` where nobody has counted.
    public static func judge(
        _ stage: RolloutStage, of plan: RolloutPlan, counts: [RolloutCounts], failures: [String] = [],
        unknown: [String] = [], alarmsPerHour: Double?
    ) -> Verdict {
        for group in counts {
            if let why = errors(stage, group) {
                return .fails(failures.isEmpty ? why : "\(why): \(failures.joined(separator: "; "))")
            }
        }
        if let budget = plan.alarmsPerHour {
            guard let alarmsPerHour else { return .holds("the alarms of the last hour have not been counted") }
            if alarmsPerHour > budget {
                return .fails("alarm budget: \(alarmsPerHour) alarms in the last hour, allowed are \(budget)")
            }
        }
        for group in counts {
            if let why = silence(stage, group) { return .holds(why) }
        }
        for group in counts {
            if let why = lack(stage, group) {
                return .holds(unknown.isEmpty ? why : "\(why); no data: \(unknown.joined(separator: "; "))")
            }
        }
        return .passes
    }

    private static func errors(_ stage: RolloutStage, _ counts: RolloutCounts) -> String? {
        guard Double(counts.failed) > stage.errorShare * Double(counts.reached) else { return nil }
        return "error share: \(counts.failed) of \(counts.reached) agents failed, allowed are "
            + Percent.text(stage.errorShare)
    }

    private static func silence(_ stage: RolloutStage, _ counts: RolloutCounts) -> String? {
        guard Double(counts.silent) > stage.silentShare * Double(counts.reached) else { return nil }
        return "silence: \(counts.silent) of \(counts.reached) agents have not answered in time, allowed are "
            + Percent.text(stage.silentShare)
    }

    private static func lack(_ stage: RolloutStage, _ counts: RolloutCounts) -> String? {
        guard Double(counts.succeeded) < stage.successShare * Double(counts.reached) else { return nil }
        return "success share: \(counts.succeeded) of \(counts.reached) agents have confirmed it, needed are "
            + "\(Percent.text(stage.successShare)) (\(counts.pending) pending, \(counts.silent) silent, "
            + "\(counts.failed) failed)"
    }
}
