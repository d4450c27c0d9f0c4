// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging

/// When an agent is asked to come back, and when within a round it begins (pace steering; Bonawitz et al. 2019, section
/// 2.3): the coordinator says both, so that a large fleet does not answer in one moment, and so that nobody trains more
/// often than was said.
public struct RoundPace: Sendable, Equatable {
    /// The newest round that the coordinator has spoken of.
    public private(set) var round: Int
    /// When the next training round opens at the earliest, by the coordinator's clock; absent where it did not say.
    public private(set) var nextAt: Timestamp?

    /// Continues from what the store holds; a fresh one has heard nothing.
    public init(round: Int = 0, nextAt: Timestamp? = nil) {
        self.round = round
        self.nextAt = nextAt
    }

    /// Takes in what an offer says of the next round.
    ///
    /// - Returns: whether there is something new to be stored.
    public mutating func hear(_ offer: RoundOffer) -> Bool {
        guard offer.round >= round else { return false }
        let before = self
        round = offer.round
        nextAt = offer.nextAt
        // Without a time there is nothing to be kept.
        return self != before && (nextAt != nil || before.nextAt != nil)
    }

    /// Whether a training round has come before its time.
    ///
    /// By the coordinator's clock, and by the agent's: either may have been set back, and must not keep the agent out of
    /// rounds for as long as that.
    public func isEarly(_ offer: RoundOffer, at now: Timestamp) -> Bool {
        guard let nextAt, offer.kind == .training, offer.round > round else { return false }
        return offer.openedAt < nextAt && now < nextAt
    }

    /// How long an agent waits with an offer before it begins, in milliseconds: its own share of the round's spread, the
    /// same one at every delivery.
    public static func delay(of offer: RoundOffer, for agent: AgentID, _ arrival: RoundArrival) -> Int64 {
        guard let spread = offer.spreadMilliseconds, spread > 0 else { return 0 }
        let digits = Digest(of: Data("\(agent) \(offer.round)".utf8)).hex.prefix(8)
        let share = Double(UInt32(digits, radix: 16) ?? 0) / 0x1p32
        let delay = Int64(share * Double(spread))
        // Kept by the broker, the offer has waited already; how long, the agent's clock may have wrong.
        let waited = arrival.wasRetained ? arrival.at.milliseconds(since: offer.openedAt) : 0
        return max(0, delay - max(0, waited))
    }
}
