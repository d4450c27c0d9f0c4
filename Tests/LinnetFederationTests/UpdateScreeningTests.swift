// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetFederation
import LinnetNumerics
import Testing

@Suite("Screening an update")
struct UpdateScreeningTests {
    private let screening = UpdateScreening(maximumNorm: 100)
    private let terms: UpdateScreening.RoundTerms
    private let agent: AgentID
    private let cohort: CohortID
    private let base: ModelVersion

    init() throws {
        agent = try AgentID("press-2")
        cohort = try CohortID("c-0123456789ab")
        base = ModelVersion(number: 4, digest: try #require(Digest(hex: String(repeating: "a", count: 64))))
        terms = UpdateScreening.RoundTerms(
            cohort: cohort, round: 7, kind: .training, base: base, participants: [agent, try AgentID("press-3")],
            isOpen: true, minimumWindows: 64)
    }

    /// Screens an update that is in order but for what is given.
    private func refusal(
        agent: AgentID? = nil, cohort: CohortID? = nil, round: Int = 7, kind: RoundKind = .training,
        base: ModelVersion?? = nil, windows: Int = 64, sequence: Int64 = 12, lastSequence: Int64 = 11,
        alreadySubmitted: Bool = false, terms: UpdateScreening.RoundTerms? = nil
    ) -> UpdateRefusal? {
        do throws(UpdateRefusal) {
            try screening.screen(
                agent: agent ?? self.agent, cohort: cohort ?? self.cohort, round: round, kind: kind,
                base: base ?? self.base, windows: windows, sequence: sequence, lastSequence: lastSequence,
                alreadySubmitted: alreadySubmitted, terms: terms ?? self.terms)
            return nil
        } catch {
            return error
        }
    }

    @Test("an update in order passes")
    func passes() {
        #expect(refusal() == nil)
        #expect(refusal(windows: .max, sequence: .max, lastSequence: 0) == nil)
    }

    @Test("each thing that is wrong has its own reason")
    func reasons() throws {
        let other = try CohortID("c-other")
        #expect(refusal(cohort: other) == .wrongCohort(found: other, expected: cohort))
        #expect(refusal(kind: .statistics) == .wrongKind(found: .statistics, expected: .training))
        let stranger = try AgentID("press-9")
        #expect(refusal(agent: stranger) == .notAParticipant(stranger))
        #expect(refusal(base: .some(nil)) == .staleBase(found: nil, expected: base))
        #expect(refusal(windows: 63) == .tooFewWindows(found: 63, minimum: 64))
        #expect(refusal(windows: .min) == .tooFewWindows(found: .min, minimum: 64))
        #expect(refusal(round: 8) == .roundClosed(round: 8, open: 7))
        var closed = terms
        closed.isOpen = false
        #expect(refusal(terms: closed) == .roundClosed(round: 7, open: nil))
    }

    @Test("a round that takes late updates takes those of earlier rounds from versions it knows, and no others")
    func late() throws {
        let older = ModelVersion(number: 3, digest: try #require(Digest(hex: String(repeating: "c", count: 64))))
        let ancient = ModelVersion(number: 2, digest: older.digest)
        var buffer = terms
        buffer.lateBases = [older, base]

        #expect(refusal(round: 6, base: older, terms: buffer) == nil)
        #expect(refusal(round: 5, base: base, terms: buffer) == nil)
        #expect(refusal(round: 6, base: ancient, terms: buffer) == .staleBase(found: ancient, expected: base))
        #expect(refusal(round: 6, base: .some(nil), terms: buffer) == .staleBase(found: nil, expected: base))
        #expect(refusal(round: 6, base: older, alreadySubmitted: true, terms: buffer) == .duplicate(round: 6))
        // What answers the open round itself starts from its base, and there are no rounds of the future.
        #expect(refusal(round: 7, base: older, terms: buffer) == .staleBase(found: older, expected: base))
        #expect(refusal(round: 8, terms: buffer) == .roundClosed(round: 8, open: 7))
        #expect(refusal(round: 6, base: older) == .roundClosed(round: 6, open: 7))
        buffer.isOpen = false
        #expect(refusal(round: 6, base: older, terms: buffer) == .roundClosed(round: 6, open: nil))
    }

    @Test("the right number with the wrong digest is a stale base")
    func staleDigest() throws {
        let impostor = ModelVersion(number: 4, digest: try #require(Digest(hex: String(repeating: "b", count: 64))))

        #expect(refusal(base: impostor) == .staleBase(found: impostor, expected: base))
    }

    @Test("last round's update sent again is a replay, the same update delivered twice a duplicate")
    func replay() {
        #expect(refusal(round: 6, sequence: 11, lastSequence: 11) == .replayed(sequence: 11, last: 11))
        #expect(refusal(sequence: .min, lastSequence: 11) == .replayed(sequence: .min, last: 11))
        #expect(refusal(sequence: 12, lastSequence: 12, alreadySubmitted: true) == .duplicate(round: 7))
        #expect(refusal(sequence: 13, lastSequence: 12, alreadySubmitted: true) == .duplicate(round: 7))
        #expect(refusal(round: 6, sequence: 12, alreadySubmitted: true) == .roundClosed(round: 6, open: 7))
    }

    @Test("weights that are not finite are refused before anything is computed from them")
    func notFinite() {
        let base = ParameterVector([1, 2, 3])
        for poison in [Float.nan, .infinity, -.infinity, .signalingNaN] {
            #expect(throws: UpdateRefusal.notFinite) {
                try screening.screen(parameters: ParameterVector([1, poison, 3]), base: base)
            }
            // Not even the shape is looked at first.
            #expect(throws: UpdateRefusal.notFinite) {
                try screening.screen(parameters: ParameterVector([poison]), base: base)
            }
        }
    }

    @Test("weights of another shape are refused")
    func shape() {
        let base = ParameterVector([1, 2, 3])
        for count in [0, 1, 2, 4] {
            #expect(throws: UpdateRefusal.wrongShape(found: count, expected: 3)) {
                try screening.screen(parameters: ParameterVector(repeating: 1, count: count), base: base)
            }
        }
    }

    @Test("weights that move too far are refused, and those at the limit are not")
    func norm() throws {
        let base = ParameterVector([0, 0])
        try screening.screen(parameters: ParameterVector([60, 80]), base: base)
        #expect(throws: UpdateRefusal.normTooLarge(norm: 125, limit: 100)) {
            try screening.screen(parameters: ParameterVector([75, 100]), base: base)
        }
        #expect(throws: UpdateRefusal.self) {
            try screening.screen(parameters: ParameterVector([1e30, 0]), base: base)
        }
        // The difference of these two is more than a Float can hold.
        let most = Float.greatestFiniteMagnitude
        #expect(throws: UpdateRefusal.normTooLarge(norm: .infinity, limit: 100)) {
            try screening.screen(parameters: ParameterVector([most, 0]), base: ParameterVector([-most, 0]))
        }
    }

    @Test("a participant whose own error grew is refused")
    func progress() throws {
        try screening.screen(lossBefore: 1, lossAfter: 0.5)
        try screening.screen(lossBefore: 1, lossAfter: 2)
        try screening.screen(lossBefore: 0, lossAfter: 1e-9)
        #expect(throws: UpdateRefusal.noProgress(before: 1, after: 2.5)) {
            try screening.screen(lossBefore: 1, lossAfter: 2.5)
        }
        #expect(throws: UpdateRefusal.noProgress(before: -1, after: 0)) {
            try screening.screen(lossBefore: -1, lossAfter: 0)
        }
        for (before, after) in [(Double.nan, 1), (1, .nan), (.infinity, 1), (1, .infinity)] {
            #expect(throws: UpdateRefusal.notFinite) { try screening.screen(lossBefore: before, lossAfter: after) }
        }
    }

    @Test("every reason has a code of its own and a sentence")
    func codes() throws {
        let refusals: [UpdateRefusal] = [
            .unknownAgent(agent), .badSignature(agent), .wrongAgent(claimed: agent, sender: agent),
            .notAParticipant(agent), .wrongCohort(found: cohort, expected: cohort), .roundClosed(round: 1, open: nil),
            .wrongKind(found: .training, expected: .statistics), .staleBase(found: nil, expected: base),
            .replayed(sequence: 1, last: 2), .duplicate(round: 1), .malformed("x"), .digestMismatch, .notFinite,
            .wrongShape(found: 1, expected: 2), .normTooLarge(norm: 2, limit: 1), .tooFewWindows(found: 1, minimum: 2),
            .noProgress(before: 1, after: 2), .implausible(channel: 0),
        ]

        #expect(Set(refusals.map(\.code)).count == refusals.count)
        for refusal in refusals {
            #expect(refusal.code.utf8.allSatisfy { (97...122).contains($0) || $0 == 45 })
            #expect(refusal.description.count > 10 || refusal.code == "malformed")
        }
        #expect(
            UpdateRefusal.staleBase(found: nil, expected: base).description
                == "trained from no version; the round's base is version 4 (aaaaaaaaaaaa)")
        #expect(
            UpdateRefusal.replayed(sequence: 11, last: 11).description
                == "sequence number 11 is not above 11, the last one of this agent: a replay")
    }
}
