// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging

/// How an offer came.
public struct RoundArrival: Sendable, Equatable {
    /// Whether the broker had kept it, so that it may be old.
    public var wasRetained: Bool
    /// The agent's wall clock.
    public var at: Timestamp

    public init(wasRetained: Bool, at: Timestamp) {
        self.wasRetained = wasRetained
        self.at = at
    }
}

/// What can happen in a round.
public enum RoundEvent: Sendable, Equatable {
    /// An offer came whose signature is the coordinator's.
    case offer(RoundOffer, RoundArrival)
    /// The version to train from, or another file that the offer names, is here.
    case base(Digest, Data)
    /// The answer is ready.
    case prepared(PreparedUpdate)
    /// There is no answer to this round, and why.
    case failed(round: Int, String)
    /// Why this agent takes part in no round from now on; `nil` if it does.
    case sitsOut(String?)
    /// What the coordinator says became of updates.
    case receipts([UpdateReceipt])
    case connectionChanged(Bool)
    case tick
}

/// What is to be done in a round.
public enum RoundAction: Sendable, Equatable {
    /// Send ``RoundEvent/tick`` when so much time has passed: the agent's turn comes then.
    case beginLater(milliseconds: Int64)
    /// Store when the coordinator wants to be answered next.
    case remember(RoundPace)
    case getBase(ModelReference)
    /// Get the fleet's control variate.
    case getControl(ChunkPlan)
    case stopGettingBase(Digest)
    /// Train from one of these files, by lineage, on the agent's own windows, and prepare the answer.
    ///
    /// - `control`: the fleet's control variate, where the offer names its file.
    case train(RoundOffer, bases: [Data], control: Data? = nil)
    /// Score this file on the agent's own held-back windows, and prepare the answer.
    case evaluate(RoundOffer, base: Data)
    /// Add up the moments of the agent's own windows, and prepare the answer.
    case gatherStatistics(RoundOffer)
    case stopWorking
    case send(PreparedUpdate)
    /// The coordinator has answered.
    case heard(UpdateReceipt)
    /// This agent gives no answer in this round, and why.
    case sitOut(RoundOffer, String)
    /// Store that the round is over for this agent.
    case finish(Int)
}

/// An answer to a round, signed and cut into messages.
public struct PreparedUpdate: Sendable, Equatable {
    public var round: Int
    public var sequence: Int64
    /// The signed header, then the chunks of the body.
    public var parts: [Data]

    public init(round: Int, sequence: Int64, parts: [Data]) {
        self.round = round
        self.sequence = sequence
        self.parts = parts
    }

    /// Signs a header and cuts the body as the header says.
    public init(_ header: UpdateHeader, body: Data, key: SigningKey) throws {
        round = header.round
        sequence = header.sequence
        parts = [try SignedEnvelope(sealing: header, with: key).encoded()]
        parts += (0..<header.plan.count).compactMap { header.plan.chunk($0, of: body) }
    }
}
