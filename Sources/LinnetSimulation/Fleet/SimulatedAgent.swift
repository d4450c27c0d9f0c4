// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetEdge
import LinnetMessaging

/// One agent of a simulated fleet: the decisions are those of a real one, the rest is numbers.
struct SimulatedAgent {
    let id: AgentID
    /// The usual delay of a message to or from it, in milliseconds.
    let latency: Int64
    /// Windows it can train on in a second.
    let windowsPerSecond: Double
    /// How wrong its clock is, in milliseconds.
    let clockSkew: Int64
    /// Whether it does what ``SimulationSettings/attack`` says.
    let isMalicious: Bool

    var participation: RoundParticipation
    var isUp = true
    /// Counts its starts: what an earlier run had planned does not happen.
    var run = 0
    /// Whether it will not answer in this round.
    var isSilent = false
    /// The last sequence number it has used; it survives a restart, as the real one does on disk.
    var sequence: Int64 = 0
    /// The answer that is being sent.
    var submission: Submission?

    /// Starts again after a kill: what was in memory is gone, what was on disk is not.
    mutating func restart(cohort: CohortID) {
        participation = RoundParticipation(agent: id, cohort: cohort, lastRound: participation.lastRound)
        submission = nil
        isUp = true
        run += 1
    }
}
