// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFederation
import LinnetFleet
import LinnetMessaging
import LinnetNN
import LinnetNumerics
import Testing

@Suite("Whether an update is taken, in the order in which it is asked")
struct UpdateAdmissionTests {
    private let agent = AgentID(checked: "press-1")
    private let cohort = CohortID(checked: "c-1")
    private let now = Timestamp(milliseconds: 1_767_225_600_000)
    private let model: ModelArtifact = {
        let architecture = NetworkArchitecture.denseAutoencoder(inputWidth: 4, hidden: [2])
        return ModelArtifact(
            architecture: architecture, parameters: ParameterVector(repeating: 0, count: 22),
            scaler: ChannelScaler(means: [0, 0], standardDeviations: [1, 1]), windowLength: 2, falseAlarmsPerDay: 1,
            provenance: [:])
    }()
    private var file: Data { model.encoded() }
    private var base: ModelReference {
        let plan = ChunkPlan(of: file, chunkBytes: 4096)
        return ModelReference(version: ModelVersion(number: 3, digest: plan.digest), plan: plan)
    }

    private func admission(_ strategy: String = "robust") throws -> UpdateAdmission {
        UpdateAdmission(settings: FleetSettings(strategy: try StrategyDescription(parsing: strategy)))
    }

    private func round(_ number: Int = 7, phase: RoundPhase = .collecting) -> Round {
        var round = Round(
            number: number, cohort: cohort, kind: .training, base: base, settings: ClientSettings(),
            participants: [agent], goal: 1, quorum: 1, minimumWindows: 50, openedAt: now,
            deadline: now.adding(milliseconds: 60_000))
        round.phase = phase
        return round
    }

    private func header(
        round: Int = 7, sequence: Int64 = 12, bytes: Int = 100, lossAfter: Double = 1
    ) -> UpdateHeader {
        UpdateHeader(
            agent: agent, cohort: cohort, round: round, kind: .training, base: base.version, windows: 100,
            lossBefore: 2, lossAfter: lossAfter,
            plan: ChunkPlan(digest: base.version.digest, bytes: bytes, chunkBytes: 4096),
            sequence: sequence, at: now)
    }

    private func situation(
        _ open: Round?, last: Round? = nil, submitted: Bool = false, verdict: UpdateReceipt? = nil,
        lateBases: [ModelVersion] = []
    ) -> UpdateAdmission.Situation {
        UpdateAdmission.Situation(
            open: open, asked: round(), last: last ?? open, lastSequence: 11, hasSubmitted: submitted,
            verdict: verdict, lateBases: lateBases)
    }

    @Test("what was judged is said again while its round takes answers, and is a replay from then on")
    func sayAgain() throws {
        let admission = try admission()
        let verdict = UpdateReceipt(round: 7, sequence: 11, accepted: true, reason: "")
        let again = header(sequence: 11)

        #expect(
            try admission.judge(again, in: situation(round(), submitted: true, verdict: verdict)) == .sayAgain(verdict))
        #expect(throws: UpdateRefusal.replayed(sequence: 11, last: 11)) {
            try admission.judge(again, in: situation(nil, last: round(phase: .committed), verdict: verdict))
        }
    }

    @Test("first comes where it belongs, then its size, then what it says of itself")
    func order() throws {
        let admission = try admission()
        let limit = base.plan.bytes + 65_536
        let bad = header(bytes: limit + 1, lossAfter: .nan)

        #expect(throws: UpdateRefusal.duplicate(round: 7)) {
            try admission.judge(bad, in: situation(round(), submitted: true))
        }
        #expect(
            throws: UpdateRefusal.malformed(
                "it announces \(limit + 1) bytes; an update of this round has \(limit) at most")
        ) {
            try admission.judge(bad, in: situation(round()))
        }
        #expect(throws: UpdateRefusal.notFinite) {
            try admission.judge(header(lossAfter: .nan), in: situation(round()))
        }
        #expect(try admission.judge(header(), in: situation(round())) == .take)
        let blind = UpdateAdmission(settings: FleetSettings(), looksAtNumbers: false)
        #expect(try blind.judge(header(lossAfter: .nan), in: situation(round())) == .take)
    }

    @Test("with a buffer, what comes between two rounds waits, and the next round takes it")
    func buffer() throws {
        let admission = try admission("fedbuff:maximum-staleness=2")
        let closed = round(phase: .committed)

        #expect(try admission.judge(header(), in: situation(nil, last: closed)) == .wait)
        #expect(
            try admission.judge(header(), in: situation(round(8), lateBases: [base.version])) == .take)
        #expect(throws: UpdateRefusal.roundClosed(round: 7, open: 8)) {
            try self.admission().judge(header(), in: situation(round(8)))
        }
        #expect(admission.late.bases(of: round()) == 1...3)
        #expect(try self.admission().late.bases(of: round()) == nil)
        #expect(admission.late.firstRound(before: 9) == 7)
    }

    @Test("a body is stored as a whole model of finite numbers, and without its base not at all")
    func body() throws {
        let admission = try admission()
        var broken = model
        broken.parameters[3] = .infinity

        #expect(try admission.judge(file, of: header(), base: model, channelCount: 2).body == file)
        #expect(throws: UpdateRefusal.notFinite) {
            try admission.judge(broken.encoded(), of: header(), base: model, channelCount: 2)
        }
        #expect(throws: UpdateRefusal.staleBase(found: base.version, expected: nil)) {
            try admission.judge(file, of: header(), base: nil, channelCount: 2)
        }
    }
}
