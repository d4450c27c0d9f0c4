// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetMessaging
import LinnetNN

/// Decides what an agent does about rounds: take part in one at a time, answer until it is heard, or sit it out and say why.
///
///     offer ─▶ waiting ─▶ gettingBase ─▶ working ─▶ sending ─▶ idle
///                 └────── statistics ───▶──┘
///
/// What keeps an agent out of rounds altogether is ``SittingOut``'s to decide; a round that has begun is gone on with.
/// After a restart in the middle the broker delivers the retained offer again, and the work is done again under a new
/// sequence number. If the coordinator has the first answer already, it refuses the second as a duplicate; that ends the
/// round just as well.
public struct RoundParticipation: Sendable, Equatable {
    /// Where the round at hand stands.
    public enum Phase: Sendable, Equatable {
        case idle
        /// Other participants begin first.
        case waiting(RoundOffer)
        /// The version to train from is gathered.
        case gettingBase(RoundOffer)
        /// Training, or adding up, on the training thread.
        case working(RoundOffer)
        /// The answer goes out again and again until there is a receipt.
        case sending(RoundOffer, PreparedUpdate)
    }

    /// First wait for a receipt, and the longest, in milliseconds; it doubles in between.
    static let firstTimeout: Int64 = 5000
    static let longestTimeout: Int64 = 30_000

    /// How long an answer is offered that is wanted even after its round, in milliseconds: a day.
    static let longestLateness: Int64 = 86_400_000

    public let agent: AgentID
    public let cohort: CohortID
    public private(set) var phase: Phase = .idle
    /// The last round that is over for this agent.
    public private(set) var lastRound: Int
    /// When the coordinator wants to be answered next.
    public private(set) var pace: RoundPace
    private var beginsAt: Int64 = 0
    private var endsAt: Int64 = .max
    /// The files of the offer that are here, in the order of ``files(of:)``; never all of them.
    private var files: [Data] = []
    private var attempts = 0
    private var resendAt: Int64 = .max
    private var isConnected = false
    private var sitsOut: String?

    /// Continues from what the store holds.
    public init(agent: AgentID, cohort: CohortID, lastRound: Int, pace: RoundPace = RoundPace()) {
        self.agent = agent
        self.cohort = cohort
        self.lastRound = lastRound
        self.pace = pace
    }

    /// The offer that is being worked on.
    public var offer: RoundOffer? {
        switch phase {
        case .idle: nil
        case .waiting(let offer), .gettingBase(let offer), .working(let offer), .sending(let offer, _): offer
        }
    }

    /// Takes in what has happened.
    ///
    /// - Parameter uptime: monotonic milliseconds.
    /// - Returns: what to do, in order. An event that does not fit the phase changes nothing.
    public mutating func handle(_ event: RoundEvent, uptime: Int64) -> [RoundAction] {
        switch (phase, event) {
        case (_, .offer(let offer, let arrival)):
            let actions = consider(offer, arrival, uptime: uptime)
            return offer.cohort == cohort && pace.hear(offer) ? [.remember(pace)] + actions : actions
        case (_, .connectionChanged(let isConnected)):
            self.isConnected = isConnected
            guard isConnected, case .sending = phase else { return [] }
            resendAt = uptime
            return send(uptime: uptime)
        case (_, .sitsOut(let reason)):
            sitsOut = reason
            return []
        case (.idle, _): return []
        case (_, .tick) where uptime >= endsAt: return end("the round's time is over")
        case (.waiting(let offer), .tick) where uptime >= beginsAt: return begin(offer, uptime: uptime)
        case (.gettingBase(let offer), .base(let digest, let file))
        where digest == Self.files(of: offer)[files.count].digest:
            files.append(file)
            return get(from: offer, uptime: uptime)
        case (.working(let offer), .prepared(let update)) where update.round == offer.round:
            phase = .sending(offer, update)
            resendAt = uptime
            return send(uptime: uptime)
        case (.working(let offer), .failed(let round, let reason)) where round == offer.round: return end(reason)
        case (.sending(let offer, let update), .receipts(let receipts)):
            return read(receipts, of: offer.round, sequence: update.sequence)
        case (.sending, .tick): return send(uptime: uptime)
        default: return []
        }
    }

    // MARK: - Offers

    private mutating func consider(_ new: RoundOffer, _ arrival: RoundArrival, uptime: Int64) -> [RoundAction] {
        guard new.cohort == cohort else { return [.sitOut(new, "it is of cohort \(new.cohort), not \(cohort)")] }
        if let offer, offer.round == new.round {
            return new.isOpen || answersLate ? [] : end("the coordinator has closed it")
        }
        // The broker hands out the retained offer at every connect.
        guard new.round > max(lastRound, offer?.round ?? 0), new.isOpen else { return [] }
        // What is at work goes into the new round's buffer, where an agent has one place.
        if answersLate { return [] }
        var actions = offer == nil ? [] : end("a newer round is open")
        guard new.participants.contains(agent) else {
            return actions + [.sitOut(new, "this agent is not among the \(new.participants.count) asked")]
        }
        // Not finished: if the reason is gone before the round is over, an offer that comes again is taken.
        if let sitsOut { return actions + [.sitOut(new, sitsOut)] }
        // Which of the two clocks is right nobody knows; but an offer that has lain at the broker for longer than the round
        // lasts is over by either. A live one is open, whatever the clocks say.
        let length = max(0, new.deadline.milliseconds(since: new.openedAt))
        let left = arrival.wasRetained ? min(length, new.deadline.milliseconds(since: arrival.at)) : length
        guard left > 0 else { return actions + [.sitOut(new, "its deadline, \(new.deadline), has passed")] }
        if pace.isEarly(new, at: arrival.at), let nextAt = pace.nextAt {
            return actions + [.sitOut(new, "this agent was asked to come back at \(nextAt)")]
        }
        endsAt = uptime + min(left, 86_400_000)
        let delay = RoundPace.delay(of: new, for: agent, arrival)
        guard delay > 0 else { return actions + begin(new, uptime: uptime) }
        beginsAt = uptime + delay
        phase = .waiting(new)
        actions.append(.beginLater(milliseconds: delay))
        return actions
    }

    private mutating func begin(_ offer: RoundOffer, uptime: Int64) -> [RoundAction] {
        attempts = 0
        guard offer.base != nil else {
            phase = .working(offer)
            return [.gatherStatistics(offer)]
        }
        let largest = Self.files(of: offer).map(\.bytes).max() ?? 0
        guard largest <= ModelDownloads.maximumBytes else {
            phase = .idle
            return finish(offer.round) + [.sitOut(offer, "its base has \(largest) bytes")]
        }
        phase = .gettingBase(offer)
        files = []
        return get(from: offer, uptime: uptime)
    }

    /// All that an offer asks to be fetched: the bases by their lineage, then the fleet's control variate.
    private static func files(of offer: RoundOffer) -> [ChunkPlan] {
        offer.bases.map(\.plan) + (offer.control.map { [$0] } ?? [])
    }

    /// Fetches one file after the other, because a download has its place among few, and goes to work with all of them.
    private mutating func get(from offer: RoundOffer, uptime: Int64) -> [RoundAction] {
        let bases = offer.bases
        if files.count < bases.count { return [.getBase(bases[files.count])] }
        if files.count == bases.count, let control = offer.control { return [.getControl(control)] }
        defer { files = [] }
        phase = .working(offer)
        if answersLate { endsAt = uptime + Self.longestLateness }
        guard offer.kind == .training else { return [.evaluate(offer, base: files[0])] }
        return [.train(offer, bases: Array(files.prefix(bases.count)), control: files.dropFirst(bases.count).first)]
    }

    /// Whether what is at work is wanted even after its round.
    private var answersLate: Bool {
        switch phase {
        case .working(let offer), .sending(let offer, _):
            offer.kind == .training && offer.settings.acceptsLateUpdates
        case .idle, .waiting, .gettingBase: false
        }
    }

    // MARK: - Answers

    private mutating func send(uptime: Int64) -> [RoundAction] {
        guard case .sending(_, let update) = phase, isConnected, uptime >= resendAt else { return [] }
        // At most 2³: the longest timeout is reached before that.
        resendAt = uptime + min(Self.longestTimeout, Self.firstTimeout << Int64(min(attempts, 3)))
        attempts += 1
        return [.send(update)]
    }

    private mutating func read(_ receipts: [UpdateReceipt], of round: Int, sequence: Int64) -> [RoundAction] {
        // A header that could not be opened is refused under number 0.
        guard let receipt = receipts.last(where: { $0.round == round && ($0.sequence == sequence || $0.sequence == 0) })
        else { return [] }
        phase = .idle
        return [.heard(receipt)] + finish(round)
    }

    private mutating func end(_ reason: String) -> [RoundAction] {
        guard let offer else { return [] }
        var actions: [RoundAction] = []
        if case .gettingBase = phase { actions.append(.stopGettingBase(Self.files(of: offer)[files.count].digest)) }
        if case .working = phase { actions.append(.stopWorking) }
        files = []
        phase = .idle
        actions.append(.sitOut(offer, reason))
        return actions + finish(offer.round)
    }

    private mutating func finish(_ round: Int) -> [RoundAction] {
        lastRound = max(lastRound, round)
        return [.finish(round)]
    }
}
