// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFederation
import LinnetMessaging
import LinnetNN
import LinnetNumerics

/// The order in which an update is judged, from its header to its numbers; the same for a coordinator with a database and
/// for one in a simulation.
///
///     switch try admission.judge(header, in: situation) {
///     case .sayAgain(let receipt): …     // it was answered before
///     case .wait: …                      // not now; its agent sends it again
///     case .take: …                      // and once the body is here:
///         let stored = try admission.judge(body, of: header, base: base, channelCount: 38)
///     }
public struct UpdateAdmission: Sendable {
    /// What becomes of an update by its header.
    public enum Answer: Sendable, Equatable {
        /// It was judged before, and its agent has missed the verdict.
        case sayAgain(UpdateReceipt)
        /// Nobody takes it now, and somebody may later.
        case wait
        /// Its body is wanted.
        case take
    }

    /// What is known when an update comes; read from wherever it is kept.
    public struct Situation: Sendable {
        /// The round that takes updates of the cohort; absent where none is open.
        public var open: Round?
        /// The round that the update says it answers.
        public var asked: Round?
        /// The newest round of the cohort, open or over.
        public var last: Round?
        /// The highest sequence number ever taken from the agent; 0 for none.
        public var lastSequence: Int64
        /// Whether the agent has an update in the open round.
        public var hasSubmitted: Bool
        /// What was said before of an update of this agent, round and sequence number.
        public var verdict: UpdateReceipt?
        /// The stored versions that ``LateUpdates/bases(of:)`` names; empty where it names none.
        public var lateBases: [ModelVersion]

        public init(
            open: Round?, asked: Round?, last: Round?, lastSequence: Int64, hasSubmitted: Bool,
            verdict: UpdateReceipt? = nil, lateBases: [ModelVersion] = []
        ) {
            self.open = open
            self.asked = asked
            self.last = last
            self.lastSequence = lastSequence
            self.hasSubmitted = hasSubmitted
            self.verdict = verdict
            self.lateBases = lateBases
        }
    }

    public let screening: UpdateScreening
    public let late: LateUpdates
    /// Whether losses and numbers are looked at; a simulation may want to see what happens where they are not.
    public let looksAtNumbers: Bool

    /// The moments and sketches of as many channels as a body may name fit in.
    public static let maximumStatisticsBytes = 2 * 1024 * 1024

    public init(settings: FleetSettings, looksAtNumbers: Bool = true) {
        screening = UpdateScreening(maximumNorm: settings.maximumUpdateNorm)
        late = LateUpdates(settings.strategy)
        self.looksAtNumbers = looksAtNumbers
    }

    // MARK: - Header

    /// Judges what a header says of itself; its sender has been authenticated before.
    ///
    /// - Throws: the first ``UpdateRefusal`` that applies.
    public func judge(_ header: UpdateHeader, in situation: Situation) throws(UpdateRefusal) -> Answer {
        // Sent again because the receipt was lost. Once no answer to the round is taken any more, it is a replay.
        let isWanted = late.areTaken || situation.open?.number == header.round && situation.open?.phase == .collecting
        if isWanted, let verdict = situation.verdict { return .sayAgain(verdict) }
        if late.waits(header, last: situation.last) { return .wait }
        let open = situation.open
        let terms = UpdateScreening.RoundTerms(
            cohort: header.cohort, round: open?.number ?? 0, kind: open?.kind ?? header.kind, base: open?.base?.version,
            // An agent answers the round it was asked in, whichever takes the answer.
            participants: situation.asked?.cohort == header.cohort ? situation.asked?.participants ?? [] : [],
            isOpen: open?.phase == .collecting, minimumWindows: open?.minimumWindows ?? 0,
            lateBases: situation.lateBases, otherBases: open?.lineages?.map(\.version) ?? [])
        try screening.screen(
            agent: header.agent, cohort: header.cohort, round: header.round, kind: header.kind, base: header.base,
            windows: header.windows, sequence: header.sequence, lastSequence: situation.lastSequence,
            alreadySubmitted: situation.hasSubmitted, terms: terms)
        let weights = (open?.base?.plan.bytes ?? 0) * (open?.settings.controlVariates == true ? 2 : 1)
        let limit = header.base == nil ? Self.maximumStatisticsBytes : weights + 65_536
        guard header.plan.bytes <= limit else {
            throw .malformed("it announces \(header.plan.bytes) bytes; an update of this round has \(limit) at most")
        }
        if looksAtNumbers, header.kind == .training, let before = header.lossBefore, let after = header.lossAfter {
            try screening.screen(lossBefore: before, lossAfter: after)
        }
        return .take
    }

    // MARK: - Body

    /// Judges the numbers: structure, then finite, then shape, then norm.
    ///
    /// - Parameters:
    ///   - base: the version that the header names; `nil` where it is not stored any more, or can not be read.
    ///   - channelCount: the cohort's number of channels.
    ///   - settings: the open round's.
    /// - Returns: what is stored of the body: weights as a whole model, all else as it came; and the change of the agent's
    ///   control variate, where the round has control variates.
    public func judge(
        _ body: Data, of header: UpdateHeader, base: ModelArtifact?, channelCount: Int,
        settings: ClientSettings? = nil
    ) throws(UpdateRefusal) -> (body: Data, control: ParameterVector?) {
        switch header.kind {
        case .statistics:
            let statistics: StatisticsBody
            do throws(WireError) {
                statistics = try Wire.decode(StatisticsBody.self, from: body, limit: Self.maximumStatisticsBytes)
            } catch {
                throw .malformed("\(error)")
            }
            try screening.screen(
                moments: statistics.channels, sketches: statistics.sketches, channelCount: channelCount)
            return (body, nil)
        case .evaluation:
            do throws(WireError) {
                let report = try Wire.decode(EvaluationBody.self, from: body, limit: EvaluationBody.maximumBytes)
                guard report.windows == header.windows else {
                    throw WireError.notAllowed(
                        field: "windows", found: "\(report.windows)", allowed: "\(header.windows), as in the header")
                }
            } catch {
                throw .malformed("\(error)")
            }
            return (body, nil)
        case .training:
            guard let base else { throw .staleBase(found: header.base, expected: nil) }
            guard looksAtNumbers else {
                // What can not be read is stored as it is: who does not screen finds out when it is too late.
                return ((try? UpdateDecoding.update(in: body, base: base).model.encoded()) ?? body, nil)
            }
            var (update, control) = try UpdateDecoding.update(in: body, base: base)
            // What stays with each agent is none of the fleet's, and must not tell updates apart either.
            if let settings, let local = try? VersionMaking.localLayers(settings, in: base) {
                update.parameters = local.shared(update.parameters, base: base.parameters)
            }
            try screening.screen(parameters: update.parameters, base: base.parameters)
            guard let settings, settings.controlVariates else {
                guard control == nil else { throw .malformed("it brings a control variate that nobody asked for") }
                return (update.encoded(), nil)
            }
            guard let control else { throw .malformed("it brings no control variate, which the round asks for") }
            // As far as `(w - y) / (K η)` and the fleet's own can be apart, for K of 1 or more.
            let limit = 2 * screening.maximumNorm / settings.learningRate
            guard control.norm <= limit else { throw .normTooLarge(norm: control.norm, limit: limit) }
            return (update.encoded(), control)
        }
    }
}
