// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// What can happen to a round.
public enum RoundEvent: Sendable, Equatable {
    /// An update of this participant has passed every check and is stored.
    case updateAccepted(AgentID)
    /// This participant has had its say: its update was refused for what it holds.
    case updateRefused(AgentID)
    /// Time has passed; sent often, and after every restart.
    case tick(Timestamp)
    /// The accepted updates have become a result.
    case aggregated
    /// They could not.
    case aggregationFailed(String)
}

/// What is to be done about it.
public enum RoundAction: Sendable, Equatable {
    /// Store the move to `aggregating`, close the offer, and aggregate.
    case aggregate
    /// Store the result and the end of the round in one transaction.
    case commit
    /// Store the end of the round, with this reason, and close the offer.
    case abandon(String)
}

/// Decides when a round has enough, and when it never will. It is made anew from what is stored at every event, so a
/// coordinator killed at any point goes on where the store says it was.
///
/// A round closes early once `goal` updates are in: more were asked than are needed, so that stragglers do not stall it
/// (Bonawitz et al. 2019, section 2). It also closes once everybody has answered. Then, and at its deadline, it goes on
/// with `quorum` updates or more, and is abandoned with fewer. That some agents are silent never ends a round by itself.
public struct RoundMachine: Sendable, Equatable {
    public private(set) var phase: RoundPhase
    public let participants: [AgentID]
    public let goal: Int
    public let quorum: Int
    public let openedAt: Timestamp
    public let deadline: Timestamp
    public private(set) var accepted: Set<AgentID>
    public private(set) var refused: Set<AgentID>

    /// Continues a stored round.
    ///
    /// - Parameters:
    ///   - accepted: who has an update in it.
    ///   - refused: who was refused for what its update holds, and so has nothing more to say.
    public init(_ round: Round, accepted: Set<AgentID>, refused: Set<AgentID> = []) {
        phase = round.phase
        participants = round.participants
        goal = round.goal
        quorum = round.quorum
        openedAt = round.openedAt
        deadline = round.deadline
        self.accepted = accepted
        self.refused = refused
    }

    /// - Returns: at most one action; an event that does not fit the phase changes nothing.
    public mutating func handle(_ event: RoundEvent) -> RoundAction? {
        switch (phase, event) {
        case (.collecting, .updateAccepted(let agent)):
            guard participants.contains(agent) else { return nil }
            accepted.insert(agent)
            return closeIfAnswered()
        case (.collecting, .updateRefused(let agent)):
            guard participants.contains(agent) else { return nil }
            refused.insert(agent)
            return closeIfAnswered()
        case (.collecting, .tick(let now)):
            return isDue(now) ? close("by the deadline") : closeIfAnswered()
        case (.aggregating, .tick):
            // Aggregation is a function of what is stored: after a crash it is simply done again.
            return .aggregate
        case (.aggregating, .aggregated):
            phase = .committed
            return .commit
        case (.aggregating, .aggregationFailed(let reason)):
            phase = .abandoned
            return .abandon(reason)
        case (.collecting, .aggregated), (.collecting, .aggregationFailed), (.aggregating, .updateAccepted),
            (.aggregating, .updateRefused), (.committed, _), (.abandoned, _):
            return nil
        }
    }

    /// A clock that was set back by more than the round lasts must not keep the round open for as long as that.
    private func isDue(_ now: Timestamp) -> Bool {
        now >= deadline || openedAt.milliseconds(since: now) > deadline.milliseconds(since: openedAt)
    }

    private mutating func closeIfAnswered() -> RoundAction? {
        if accepted.count >= min(goal, participants.count) { return close("at the goal") }
        let answered = participants.count { accepted.contains($0) || refused.contains($0) }
        return answered == participants.count ? close("once all had answered") : nil
    }

    private mutating func close(_ when: String) -> RoundAction {
        guard accepted.count >= max(1, min(quorum, goal)) else {
            phase = .abandoned
            return .abandon(missing(when))
        }
        phase = .aggregating
        return .aggregate
    }

    /// Says what was missing when the round closed.
    private func missing(_ when: String) -> String {
        var reason = "\(accepted.count) of \(participants.count) updates \(when), \(quorum) needed"
        let isOut = { (agent: AgentID) in !accepted.contains(agent) }
        let silent = participants.filter { isOut($0) && !refused.contains($0) }
        let turnedDown = participants.filter { isOut($0) && refused.contains($0) }
        if !silent.isEmpty { reason += "; none from \(Self.list(silent))" }
        if !turnedDown.isEmpty { reason += "; refused from \(Self.list(turnedDown))" }
        return reason
    }

    private static func list(_ agents: [AgentID]) -> String {
        agents.prefix(5).map(\.rawValue).joined(separator: ", ")
            + (agents.count > 5 ? " and \(agents.count - 5) more" : "")
    }
}
