// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// What can happen to a round.
public enum RoundEvent: Sendable, Equatable {
    /// An update of this participant has passed every check and is stored.
    case updateAccepted(AgentID)
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
/// (Bonawitz et al. 2019, section 2). At its deadline it goes on with `quorum` or more, and is abandoned with fewer.
public struct RoundMachine: Sendable, Equatable {
    public private(set) var phase: RoundPhase
    public let participants: [AgentID]
    public let goal: Int
    public let quorum: Int
    public let deadline: Timestamp
    public private(set) var accepted: Set<AgentID>

    /// Continues a stored round.
    public init(_ round: Round, accepted: Set<AgentID>) {
        phase = round.phase
        participants = round.participants
        goal = round.goal
        quorum = round.quorum
        deadline = round.deadline
        self.accepted = accepted
    }

    /// - Returns: at most one action; an event that does not fit the phase changes nothing.
    public mutating func handle(_ event: RoundEvent) -> RoundAction? {
        switch (phase, event) {
        case (.collecting, .updateAccepted(let agent)):
            guard participants.contains(agent) else { return nil }
            accepted.insert(agent)
            return accepted.count >= min(goal, participants.count) ? close() : nil
        case (.collecting, .tick(let now)):
            if accepted.count >= min(goal, participants.count) { return close() }
            guard now >= deadline else { return nil }
            guard accepted.count >= max(1, quorum) else {
                phase = .abandoned
                return .abandon(missing)
            }
            return close()
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
            (.committed, _), (.abandoned, _):
            return nil
        }
    }

    private mutating func close() -> RoundAction {
        phase = .aggregating
        return .aggregate
    }

    /// Says what was missing at the deadline.
    private var missing: String {
        let silent = participants.filter { !accepted.contains($0) }.map(\.rawValue)
        let named = silent.prefix(5).joined(separator: ", ") + (silent.count > 5 ? " and \(silent.count - 5) more" : "")
        return
            "\(accepted.count) of \(participants.count) updates by the deadline, \(quorum) needed; none from \(named)"
    }
}
