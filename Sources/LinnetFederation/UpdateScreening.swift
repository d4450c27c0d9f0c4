// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNumerics

/// Decides whether an update may take part in a round, before a single number of it is added to anything.
///
/// In order: does it belong here (`screen(agent:…)`, from the signed header), and is what it brings sane
/// (`screen(parameters:base:)` or `screen(moments:channelCount:)`, from the body). Finite comes first everywhere: NaN
/// walks through every comparison that follows.
public struct UpdateScreening: Sendable, Equatable {
    /// Longest distance that one update may move the model, as L2 norm over all parameters.
    public let maximumNorm: Double
    /// How many times its own error before training an update may report after it.
    public let maximumLossRatio: Double

    /// - Parameters:
    ///   - maximumNorm: finite, above 0.
    ///   - maximumLossRatio: finite, at least 1.
    public init(maximumNorm: Double, maximumLossRatio: Double = 2) {
        precondition(maximumNorm.isFinite && maximumNorm > 0, "the largest norm is finite and above 0")
        precondition(maximumLossRatio.isFinite && maximumLossRatio >= 1, "the largest loss ratio is at least 1")
        self.maximumNorm = maximumNorm
        self.maximumLossRatio = maximumLossRatio
    }

    /// What a round asks for.
    public struct RoundTerms: Sendable, Equatable {
        public var cohort: CohortID
        public var round: Int
        public var kind: RoundKind
        /// The version to train from; absent in a statistics round.
        public var base: ModelVersion?
        public var participants: [AgentID]
        public var isOpen: Bool
        public var minimumWindows: Int
        /// The versions that an update of an earlier round may have started from, the round's base among them; empty where
        /// a round takes its own updates only.
        public var lateBases: [ModelVersion]
        /// The versions of other lineages that an update may have started from.
        public var otherBases: [ModelVersion]

        public init(
            cohort: CohortID, round: Int, kind: RoundKind, base: ModelVersion?, participants: [AgentID], isOpen: Bool,
            minimumWindows: Int, lateBases: [ModelVersion] = [], otherBases: [ModelVersion] = []
        ) {
            self.cohort = cohort
            self.round = round
            self.kind = kind
            self.base = base
            self.participants = participants
            self.isOpen = isOpen
            self.minimumWindows = minimumWindows
            self.lateBases = lateBases
            self.otherBases = otherBases
        }
    }

    /// Screens what the header says; the agent has been authenticated before.
    ///
    /// - Parameters:
    ///   - round: the one it answers; an earlier one than that of `terms` where that takes late updates.
    ///   - lastSequence: the highest sequence number ever taken from this agent, 0 for none.
    ///   - alreadySubmitted: whether this agent has an update in the round of `terms`.
    /// - Throws: the first ``UpdateRefusal`` that applies. A sequence number is looked at before the round, so that last
    ///   round's update sent again is called what it is: a replay.
    public func screen(
        agent: AgentID, cohort: CohortID, round: Int, kind: RoundKind, base: ModelVersion?, windows: Int,
        sequence: Int64, lastSequence: Int64, alreadySubmitted: Bool, terms: RoundTerms
    ) throws(UpdateRefusal) {
        guard cohort == terms.cohort else { throw .wrongCohort(found: cohort, expected: terms.cohort) }
        let isLate = round < terms.round && !terms.lateBases.isEmpty
        // The broker may deliver twice: the second copy is a duplicate rather than an attack.
        guard !(alreadySubmitted && (round == terms.round || isLate)) else { throw .duplicate(round: round) }
        guard sequence > lastSequence else { throw .replayed(sequence: sequence, last: lastSequence) }
        guard round == terms.round || isLate, terms.isOpen else {
            throw .roundClosed(round: round, open: terms.isOpen ? terms.round : nil)
        }
        guard kind == terms.kind else { throw .wrongKind(found: kind, expected: terms.kind) }
        guard terms.participants.contains(agent) else { throw .notAParticipant(agent) }
        let others = isLate ? terms.lateBases : terms.otherBases
        guard !isLate && base == terms.base || base.map(others.contains) ?? false else {
            throw .staleBase(found: base, expected: terms.base)
        }
        guard windows >= terms.minimumWindows else {
            throw .tooFewWindows(found: windows, minimum: terms.minimumWindows)
        }
    }

    /// Screens what a participant says of its own progress.
    ///
    /// - Throws: ``UpdateRefusal/notFinite``, or ``UpdateRefusal/noProgress(before:after:)`` if the error is negative or
    ///   grew beyond ``maximumLossRatio``.
    public func screen(lossBefore before: Double, lossAfter after: Double) throws(UpdateRefusal) {
        guard before.isFinite, after.isFinite else { throw .notFinite }
        // The floor keeps a model that is as good as perfect from being refused over rounding noise.
        guard before >= 0, after >= 0, after <= max(before, 1e-6) * maximumLossRatio else {
            throw .noProgress(before: before, after: after)
        }
    }

    /// Screens trained weights: finite, then shape, then how far they moved.
    ///
    /// - Parameters:
    ///   - parameters: what the participant sent.
    ///   - base: the round's base, `[P]`, finite.
    /// - Throws: ``UpdateRefusal/notFinite``, ``UpdateRefusal/wrongShape(found:expected:)`` or
    ///   ``UpdateRefusal/normTooLarge(norm:limit:)``.
    public func screen(parameters: ParameterVector, base: ParameterVector) throws(UpdateRefusal) {
        guard parameters.isFinite else { throw .notFinite }
        guard parameters.count == base.count else {
            throw .wrongShape(found: parameters.count, expected: base.count)
        }
        // Finite weights at both ends of Float's range differ by infinity; that is refused too, as too large.
        let norm = (parameters - base).norm
        guard norm <= maximumNorm else { throw .normTooLarge(norm: norm, limit: maximumNorm) }
    }

    /// Screens the statistics of one participant: number of channels, then each channel by itself.
    ///
    /// - Parameter sketches: the distributions beside the moments, if it sent some.
    /// - Throws: ``UpdateRefusal/wrongShape(found:expected:)`` or ``UpdateRefusal/implausible(channel:)``.
    public func screen(
        moments: [ChannelMoments], sketches: [QuantileSketch]? = nil, channelCount: Int
    ) throws(UpdateRefusal) {
        guard moments.count == channelCount else {
            throw .wrongShape(found: moments.count, expected: channelCount)
        }
        for (channel, moments) in moments.enumerated() where !ScalerAggregation.isUsable(moments) {
            throw .implausible(channel: channel)
        }
        guard let sketches else { return }
        guard sketches.count == channelCount else {
            throw .wrongShape(found: sketches.count, expected: channelCount)
        }
        for channel in sketches.indices
        where !ScalerAggregation.isUsable(sketches[channel], with: moments[channel]) {
            throw .implausible(channel: channel)
        }
    }
}
