// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging

/// What can happen in a simulated fleet; agents are named by their place in it.
enum SimulationEvent {
    /// An offer reaches an agent.
    case offer(agent: Int, RoundOffer, wasRetained: Bool)
    /// An agent has downloaded the version to train from.
    case base(agent: Int, run: Int, Digest)
    /// An agent's training thread is done.
    case trained(agent: Int, run: Int, round: Int)
    /// An update reaches the coordinator.
    case update(Submission)
    /// The coordinator's answer reaches an agent.
    case receipt(agent: Int, UpdateReceipt)
    /// An agent looks whether something is due.
    case agentTick(agent: Int, run: Int)
    /// An agent is back after a restart.
    case agentUp(agent: Int)
    /// The coordinator looks whether a round may open.
    case openRound
    /// A round's deadline is over.
    case deadline(round: Int)
    /// The coordinator is back after a restart.
    case coordinatorUp
}

/// An update on its way: the header that would be signed, and the body it announces.
struct Submission {
    let agent: Int
    var header: UpdateHeader
    var body: Data
}
