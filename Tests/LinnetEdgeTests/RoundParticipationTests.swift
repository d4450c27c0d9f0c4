// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDetection
import LinnetDomain
import LinnetEdge
import LinnetFederation
import LinnetMessaging
import LinnetNN
import LinnetNumerics
import LinnetTestKit
import Testing

@Suite("Taking part in rounds")
struct RoundParticipationTests {
    private let base = Data("a model".utf8)

    private func offer(
        _ round: Int = 1, kind: RoundKind = .training, isOpen: Bool = true, participants: [AgentID] = [Fixtures.agent],
        cohort: CohortID = CohortID(of: Fixtures.contract), acceptsLateUpdates: Bool = false,
        openedAt: Timestamp = Fixtures.start, spreadMilliseconds: Int? = nil, nextAt: Timestamp? = nil
    ) -> RoundOffer {
        let plan = ChunkPlan(of: base, chunkBytes: 1000)
        let reference = ModelReference(version: ModelVersion(number: 1, digest: plan.digest), plan: plan)
        return RoundOffer(
            cohort: cohort, round: round, kind: kind, isOpen: isOpen, base: kind == .statistics ? nil : reference,
            settings: ClientSettings(acceptsLateUpdates: acceptsLateUpdates), participants: participants,
            openedAt: openedAt, deadline: openedAt.adding(milliseconds: 60_000),
            spreadMilliseconds: spreadMilliseconds, nextAt: nextAt)
    }

    private let live = RoundArrival(wasRetained: false, at: Fixtures.start)
    private let update = PreparedUpdate(round: 1, sequence: 70, parts: [Data([1])])
    private func participation() -> RoundParticipation {
        var participation = RoundParticipation(
            agent: Fixtures.agent, cohort: CohortID(of: Fixtures.contract), lastRound: 0)
        _ = participation.handle(.connectionChanged(true), uptime: 0)
        return participation
    }

    /// A round brought to the point where the answer is under way.
    private func sending() -> RoundParticipation {
        var participation = participation()
        _ = participation.handle(.offer(offer(), live), uptime: 0)
        _ = participation.handle(.base(Digest(of: base), base), uptime: 10)
        _ = participation.handle(.prepared(update), uptime: 20)
        return participation
    }

    @Test("offer, base, training, answer, receipt")
    func wholeRound() {
        var participation = participation()
        #expect(participation.handle(.offer(offer(), live), uptime: 0) == [.getBase(offer().base!)])
        #expect(
            participation.handle(.base(Digest(of: base), base), uptime: 10) == [.train(offer(), bases: [base])])
        #expect(participation.handle(.prepared(update), uptime: 20) == [.send(update)])
        let receipt = UpdateReceipt(round: 1, sequence: 70, accepted: true, reason: "")
        #expect(participation.handle(.receipts([receipt]), uptime: 30) == [.heard(receipt), .finish(1)])
        #expect(participation.phase == .idle)
        #expect(participation.handle(.offer(offer(), live), uptime: 40) == [])
    }

    @Test("with a spread each agent begins at a moment of its own, the same one at every delivery, and not before")
    func spread() throws {
        let offer = offer(spreadMilliseconds: 20_000)
        let delays = try (1...200).map { RoundPace.delay(of: offer, for: try AgentID("press-\($0)"), live) }
        #expect(delays.allSatisfy { (0..<20_000).contains($0) } && Set(delays).count > 190)
        #expect((5000..<15_000).contains(delays.sorted()[100]))
        let delay = RoundPace.delay(of: offer, for: Fixtures.agent, live)
        let kept = RoundArrival(wasRetained: true, at: Fixtures.start.adding(milliseconds: delay - 10))
        #expect(RoundPace.delay(of: offer, for: Fixtures.agent, kept) == 10)

        var participation = participation()
        #expect(participation.handle(.offer(offer, live), uptime: 100) == [.beginLater(milliseconds: delay)])
        #expect(participation.handle(.tick, uptime: 100 + delay - 1) == [])
        #expect(participation.handle(.tick, uptime: 100 + delay) == [.getBase(offer.base!)])
        #expect(RoundPace.delay(of: self.offer(), for: Fixtures.agent, live) == 0)
    }

    @Test(
        "an agent does not train earlier than it was asked to, by the coordinator's clock and by its own, over a restart"
    )
    func comeBack() {
        let nextAt = Fixtures.start.adding(milliseconds: 3_600_000)
        var participation = participation()
        let told = RoundPace(round: 1, nextAt: nextAt)
        #expect(
            participation.handle(.offer(offer(1, isOpen: false, nextAt: nextAt), live), uptime: 0) == [.remember(told)])
        participation = RoundParticipation(
            agent: Fixtures.agent, cohort: CohortID(of: Fixtures.contract), lastRound: 1, pace: told)

        let early = offer(2)
        let reason = "this agent was asked to come back at \(nextAt)"
        #expect(
            participation.handle(.offer(early, live), uptime: 0)
                == [.remember(RoundPace(round: 2)), .sitOut(early, reason)])
        // Round 2 says nothing of the next one, so the next one may come at any time.
        #expect(participation.handle(.offer(offer(3), live), uptime: 0).last == .getBase(offer(3).base!))

        // A coordinator whose clock was set back, and an agent whose clock was: the other one's clock decides.
        #expect(!told.isEarly(early, at: nextAt) && told.isEarly(early, at: Fixtures.start))
        #expect(!told.isEarly(offer(2, openedAt: nextAt), at: Fixtures.start))
        // Statistics are no training; and an old offer that comes again says nothing new.
        #expect(!told.isEarly(offer(2, kind: .statistics), at: Fixtures.start))
        var again = told
        #expect(!again.hear(offer(1, isOpen: false, nextAt: nextAt)) && again.hear(offer(1, isOpen: false)))
    }

    @Test("of several lineages all are fetched, one after the other, before the work begins")
    func lineages() throws {
        var participation = participation()
        let files = [base, Data("another".utf8), Data("a third".utf8)]
        var asked = offer()
        asked.lineages = files.dropFirst().map { file in
            let plan = ChunkPlan(of: file, chunkBytes: 1000)
            return ModelReference(version: ModelVersion(number: 2, digest: plan.digest), plan: plan)
        }
        try asked.check()
        #expect(participation.handle(.offer(asked, live), uptime: 0) == [.getBase(asked.bases[0])])
        #expect(participation.handle(.base(Digest(of: files[2]), files[2]), uptime: 1) == [])
        #expect(participation.handle(.base(Digest(of: files[0]), files[0]), uptime: 2) == [.getBase(asked.bases[1])])
        var given = participation
        #expect(
            given.handle(.tick, uptime: 60_000)
                == [
                    .stopGettingBase(Digest(of: files[1])), .sitOut(asked, "the round's time is over"), .finish(1),
                ])
        #expect(participation.handle(.base(Digest(of: files[1]), files[1]), uptime: 3) == [.getBase(asked.bases[2])])
        #expect(
            participation.handle(.base(Digest(of: files[2]), files[2]), uptime: 4) == [.train(asked, bases: files)])
    }

    @Test("the fleet's control variate is fetched after the base")
    func control() {
        var participation = participation()
        let file = Data("a control variate".utf8)
        var asked = offer()
        asked.settings.controlVariates = true
        asked.control = ChunkPlan(of: file, chunkBytes: 1000)
        _ = participation.handle(.offer(asked, live), uptime: 0)
        #expect(participation.handle(.base(Digest(of: base), base), uptime: 1) == [.getControl(asked.control!)])
        #expect(
            participation.handle(.base(Digest(of: file), file), uptime: 2)
                == [.train(asked, bases: [base], control: file)])
    }

    @Test("a version is scored instead of trained from where that is asked")
    func evaluates() {
        var participation = participation()
        let asked = offer(kind: .evaluation)
        #expect(participation.handle(.offer(asked, live), uptime: 0) == [.getBase(asked.base!)])
        #expect(
            participation.handle(.base(Digest(of: base), base), uptime: 10) == [.evaluate(asked, base: base)])
        #expect(participation.handle(.prepared(update), uptime: 20) == [.send(update)])
    }

    @Test("an answer that is wanted even when late is finished and sent, past the round's end and past newer rounds")
    func lateAnswer() {
        var participation = participation()
        let late = { (round: Int, isOpen: Bool) in
            RoundEvent.offer(self.offer(round, isOpen: isOpen, acceptsLateUpdates: true), self.live)
        }
        _ = participation.handle(late(1, true), uptime: 0)
        _ = participation.handle(.base(Digest(of: base), base), uptime: 10)

        #expect(participation.handle(late(1, false), uptime: 20) == [])
        #expect(participation.handle(late(2, true), uptime: 30) == [])
        #expect(participation.handle(.tick, uptime: 61_000) == [])
        #expect(participation.handle(.prepared(update), uptime: 62_000) == [.send(update)])
        #expect(participation.handle(late(2, false), uptime: 62_500) == [])
        #expect(participation.handle(.tick, uptime: 67_000) == [.send(update)])
        let receipt = UpdateReceipt(round: 1, sequence: 70, accepted: true, reason: "")
        #expect(participation.handle(.receipts([receipt]), uptime: 68_000) == [.heard(receipt), .finish(1)])
        // Then it is free for the next one.
        let next = offer(3, acceptsLateUpdates: true)
        #expect(participation.handle(late(3, true), uptime: 70_000) == [.getBase(next.base!)])
        // Before the work has begun, the end of a round is its end.
        #expect(participation.handle(late(3, false), uptime: 70_100).last == .finish(3))
    }

    @Test("a late answer that nobody takes is given up after a day")
    func lateAnswerGivenUp() {
        var participation = participation()
        let offer = offer(acceptsLateUpdates: true)
        _ = participation.handle(.offer(offer, live), uptime: 0)
        _ = participation.handle(.base(Digest(of: base), base), uptime: 10)
        _ = participation.handle(.prepared(update), uptime: 20)

        #expect(participation.handle(.tick, uptime: 86_400_009) == [.send(update)])
        #expect(
            participation.handle(.tick, uptime: 86_400_010) == [.sitOut(offer, "the round's time is over"), .finish(1)])
    }

    @Test("a statistics round needs no base")
    func statistics() {
        var participation = participation()
        let offer = offer(kind: .statistics)
        #expect(participation.handle(.offer(offer, live), uptime: 0) == [.gatherStatistics(offer)])
        #expect(participation.handle(.prepared(update), uptime: 20) == [.send(update)])
    }

    @Test("without a receipt the answer goes out again, more and more rarely, until the round's time is over")
    func resending() {
        var participation = sending()
        var sent: [Int64] = []
        var end: [RoundAction] = []
        for uptime in stride(from: Int64(100), through: 61_000, by: 100) {
            let actions = participation.handle(.tick, uptime: uptime)
            if actions == [.send(update)] { sent.append(uptime) } else { end += actions }
        }
        #expect(sent == [5100, 15_100, 35_100])
        #expect(end == [.sitOut(offer(), "the round's time is over"), .finish(1)])
    }

    @Test("after a reconnect the answer goes out at once; without a connection it waits")
    func reconnect() {
        var participation = sending()
        #expect(participation.handle(.connectionChanged(false), uptime: 100) == [])
        #expect(participation.handle(.tick, uptime: 20_000) == [])
        #expect(participation.handle(.connectionChanged(true), uptime: 20_100) == [.send(update)])
    }

    @Test("a refusal ends the round too: as a duplicate after a restart, or because the header could not be opened")
    func refused() {
        for sequence in [70, 0] as [Int64] {
            var participation = sending()
            let receipt = UpdateReceipt(round: 1, sequence: sequence, accepted: false, reason: "duplicate")
            #expect(participation.handle(.receipts([receipt]), uptime: 30) == [.heard(receipt), .finish(1)])
        }
    }

    @Test("receipts of other rounds and other answers are passed over")
    func otherReceipts() {
        var participation = sending()
        let others = [
            UpdateReceipt(round: 2, sequence: 70, accepted: true, reason: ""),
            UpdateReceipt(round: 1, sequence: 69, accepted: true, reason: ""),
        ]
        #expect(participation.handle(.receipts(others), uptime: 30) == [])
        #expect(participation.phase != .idle)
    }

    @Test("an offer that is closed, old, for others or of another cohort is not worked on")
    func notForUs() {
        var participation = participation()
        #expect(participation.handle(.offer(offer(isOpen: false), live), uptime: 0) == [])
        let others = offer(participants: [AgentID(checked: "press-9")])
        #expect(
            participation.handle(.offer(others, live), uptime: 0)
                == [.sitOut(others, "this agent is not among the 1 asked")])
        let foreign = offer(cohort: CohortID(checked: "c-other"))
        #expect(
            participation.handle(.offer(foreign, live), uptime: 0)
                == [.sitOut(foreign, "it is of cohort c-other, not \(participation.cohort)")])
        #expect(participation.phase == .idle)
    }

    @Test("an agent that sits out says why, finishes nothing, and takes the offer once the reason is gone")
    func sitsOut() {
        var participation = participation()
        #expect(participation.handle(.sitsOut("its device is under maintenance"), uptime: 0) == [])
        #expect(
            participation.handle(.offer(offer(), live), uptime: 0)
                == [.sitOut(offer(), "its device is under maintenance")])
        #expect(participation.phase == .idle && participation.lastRound == 0)

        #expect(participation.handle(.sitsOut(nil), uptime: 10) == [])
        #expect(participation.handle(.offer(offer(), live), uptime: 10) == [.getBase(offer().base!)])
        #expect(participation.handle(.sitsOut("2 of 3 devices are under alarm"), uptime: 20) == [])
        #expect(participation.phase == .gettingBase(offer()))
    }

    @Test("a retained offer past its deadline is left; a live one is open whatever the clocks say")
    func deadlines() {
        let late = Fixtures.start.adding(milliseconds: 60_000)
        var participation = participation()
        #expect(
            participation.handle(.offer(offer(), RoundArrival(wasRetained: true, at: late)), uptime: 0)
                == [.sitOut(offer(), "its deadline, 2026-01-01T00:01:00.000Z, has passed")])
        let yearsOff = RoundArrival(wasRetained: false, at: Timestamp(milliseconds: 3_000_000_000_000))
        #expect(participation.handle(.offer(offer(), yearsOff), uptime: 0) == [.getBase(offer().base!)])
    }

    @Test("a closed offer ends what is under way, in each phase")
    func closed() {
        let closed = RoundEvent.offer(offer(isOpen: false), live)
        let over: [RoundAction] = [.sitOut(offer(), "the coordinator has closed it"), .finish(1)]

        var fetching = participation()
        _ = fetching.handle(.offer(offer(), live), uptime: 0)
        #expect(fetching.handle(closed, uptime: 1) == [.stopGettingBase(Digest(of: base))] + over)

        var working = participation()
        _ = working.handle(.offer(offer(), live), uptime: 0)
        _ = working.handle(.base(Digest(of: base), base), uptime: 1)
        #expect(working.handle(closed, uptime: 2) == [.stopWorking] + over)

        var sending = sending()
        #expect(sending.handle(closed, uptime: 30) == over)
    }

    @Test("a newer round takes the place of the one at hand; an older one does not")
    func newerRound() {
        var participation = sending()
        let newer = offer(2)
        #expect(
            participation.handle(.offer(newer, live), uptime: 30)
                == [.sitOut(offer(), "a newer round is open"), .finish(1), .getBase(newer.base!)])
        #expect(participation.handle(.offer(offer(1), live), uptime: 40) == [])
    }

    @Test("a failure is said and ends the round")
    func failure() {
        var participation = participation()
        _ = participation.handle(.offer(offer(kind: .statistics), live), uptime: 0)
        #expect(participation.handle(.failed(round: 9, "other"), uptime: 1) == [])
        #expect(
            participation.handle(.failed(round: 1, "3 normal windows are stored; 50 are needed"), uptime: 1)
                == [
                    .stopWorking, .sitOut(offer(kind: .statistics), "3 normal windows are stored; 50 are needed"),
                    .finish(1),
                ])
    }

    @Test("after a restart a round that is over stays over")
    func restart() {
        var participation = RoundParticipation(
            agent: Fixtures.agent, cohort: CohortID(of: Fixtures.contract), lastRound: 7)
        #expect(participation.handle(.offer(offer(7), live), uptime: 0) == [])
        #expect(participation.handle(.offer(offer(8), live), uptime: 0) == [.getBase(offer(8).base!)])
    }
}

@Suite("The answer to a round")
struct RoundLearnerTests {
    private let learner = RoundLearner(contract: Fixtures.contract, seed: 5)
    private let data = TrainingData([Fixtures.device: Fixtures.windows(200)])

    private func offer(for bytes: Data, encoding: UpdateEncoding = .full) -> RoundOffer {
        let manifest = Fixtures.manifest(release: 1, bytes: bytes)
        return RoundOffer(
            cohort: manifest.cohort, round: 3, kind: .training, isOpen: true, base: manifest.model,
            settings: ClientSettings(epochs: 4, learningRate: 0.002, updateEncoding: encoding),
            participants: [Fixtures.agent],
            openedAt: Fixtures.start, deadline: Fixtures.start.adding(milliseconds: 60_000))
    }

    private func untrained() throws -> Data {
        try LocalModel.untrainedBytes(Fixtures.windows(60))
    }

    @Test("training makes the held-out error smaller, and only the weights change")
    func training() throws {
        let bytes = try untrained()
        let answer = try learner.train(data, offer: offer(for: bytes), base: bytes) { true }

        let (base, trained) = (try ModelArtifact(parsing: bytes), try ModelArtifact(parsing: answer.body))
        #expect(try #require(answer.lossAfter) < #require(answer.lossBefore))
        #expect(trained.parameters != base.parameters)
        #expect(trained.scaler == base.scaler && trained.architecture == base.architecture)
        #expect(answer.windows == 200)
    }

    @Test("the same offer, windows and seed give the same answer, bit by bit")
    func repeatable() throws {
        let bytes = try untrained()
        let answers = try (0..<2).map { _ in try learner.train(data, offer: offer(for: bytes), base: bytes) { true } }
        #expect(answers[0] == answers[1])
    }

    @Test("of several lineages the one that explains the held-out windows best is trained, and named")
    func bestLineage() throws {
        let fits = try Fixtures.trained().model.bytes
        var other = try ModelArtifact(parsing: fits)
        for index in 0..<other.parameters.count { other.parameters[index] *= -1 }
        let files = [other.encoded(), fits]
        var offer = offer(for: files[0])
        offer.lineages = [Fixtures.manifest(release: 2, bytes: fits).model]
        let answer = try learner.train(data, offer: offer, bases: files) { true }
        #expect(answer.base == offer.lineages?.first?.version)
        var alone = self.offer(for: fits)
        alone.round = offer.round
        #expect(try learner.train(data, offer: alone, base: fits) { true }.body == answer.body)
        #expect(throws: RoundFailure.self) { try learner.train(data, offer: offer, bases: files.reversed()) { true } }
        #expect(throws: RoundFailure.self) { try learner.train(data, offer: offer, bases: [fits]) { true } }
    }

    @Test("with control variates it trains by plain descent, and sends the change of its own beside the weights")
    func controlVariates() throws {
        let bytes = try untrained()
        let base = try ModelArtifact(parsing: bytes)
        let count = base.parameters.count
        var offer = offer(for: bytes)
        (offer.settings.controlVariates, offer.settings.learningRate) = (true, 0.05)
        func change(in answer: RoundLearner.Answer) throws -> (weights: ParameterVector, control: ParameterVector) {
            let file = try SafetensorsFile(parsing: answer.body, types: Tensor.ElementType.allCases)
            let (control, others) = try #require(try ControlVariate.taken(from: file.tensors, count: count))
            return (
                try CompressedUpdate(tensors: others, metadata: file.metadata).decode(onto: base.parameters),
                control.values
            )
        }

        let first = try learner.train(data, offer: offer, base: bytes, controls: ControlTerms()) { true }
        let (weights, own) = try change(in: first)
        #expect(first.control == own && own.norm > 0)
        // From zero, own⁺ = (w - y) / (K η): it points from the weights to the base.
        let way = base.parameters - weights
        let ratio = own.norm / way.norm
        #expect((0..<count).allSatisfy { abs(Double(own[$0]) - ratio * Double(way[$0])) < 1e-4 * max(1, own.norm) })

        // An agent whose own is the fleet's is not corrected: the same steps, and then no change to speak of.
        let fleet = SafetensorsFile(
            tensors: [try ControlVariate(own).tensor], metadata: ["format": ControlVariate.format]
        ).encoded()
        let again = try learner.train(
            data, offer: offer, base: bytes, controls: ControlTerms(fleet: fleet, own: own)
        ) { true }
        #expect(try change(in: again).weights == weights)
        #expect(try #require(again.control).norm > 0.99 * own.norm)
        let corrected = try learner.train(
            data, offer: offer, base: bytes, controls: ControlTerms(fleet: fleet)
        ) { true }
        #expect(try change(in: corrected).weights != weights)
        #expect(throws: RoundFailure.self) {
            try learner.train(data, offer: offer, base: bytes, controls: ControlTerms(fleet: Data([1]))) { true }
        }
    }

    @Test("the scores of held-out windows go along where they are wanted, and nowhere else")
    func scores() throws {
        let bytes = try untrained()
        var offer = offer(for: bytes)
        #expect(try learner.train(data, offer: offer, base: bytes) { true }.scores == nil)
        offer.settings.wantsScores = true
        let answer = try learner.train(data, offer: offer, base: bytes) { true }
        let scores = try #require(answer.scores)
        #expect(scores.count == 40 && scores.isPlausible && scores.minimum >= 0)
        let median = try #require(scores.quantile(0.5))
        #expect(try #require(answer.lossAfter) / 4 < median && median < 4 * #require(answer.lossAfter))
    }

    @Test("a version is scored on the newest fifth of the windows, with the level and threshold of those before")
    func evaluation() throws {
        let bytes = try Fixtures.trained().model.bytes
        var offer = offer(for: bytes)
        offer.kind = .evaluation
        func body(_ windows: [SampleWindow]) throws -> EvaluationBody {
            let answer = try learner.evaluate(TrainingData([Fixtures.device: windows]), offer: offer, base: bytes)
            let body = try Wire.decode(EvaluationBody.self, from: answer.body)
            #expect(answer.windows == body.windows && answer.lossBefore == nil)
            return body
        }

        let calm = try body(Fixtures.windows(200))
        #expect(calm.windows == 40 && calm.loss > 0 && calm.anomalous <= 2)
        // The newest forty windows alone are what is scored: a machine that has changed since shows in all of them.
        let moved = try Fixtures.windows(200).enumerated().map { number, window in
            guard number >= 160 else { return window }
            return try #require(
                SampleWindow(
                    start: window.start, end: window.end, length: window.length, channelCount: window.channelCount,
                    values: window.values.map { $0 * 1.2 }))
        }
        let changed = try body(moved)
        #expect(changed.anomalous == 40 && changed.loss > 10 * calm.loss)
        #expect(try body(Fixtures.windows(62)).windows == 12)
        #expect(throws: RoundFailure.tooFewWindows(found: 61, needed: 62)) { try body(Fixtures.windows(61)) }
    }

    /// The weights in an update in fewer bytes.
    private func weights(in body: Data, onto base: ModelArtifact) throws -> ParameterVector {
        let file = try SafetensorsFile(parsing: body, types: Tensor.ElementType.allCases)
        return try CompressedUpdate(tensors: file.tensors, metadata: file.metadata).decode(
            onto: base.parameters, blocks: try Network(base.architecture).slots.map(\.range))
    }

    @Test(
        "where the offer asks for fewer bytes, fewer are sent, with nearly the same weights in them",
        arguments: [(UpdateEncoding.delta16, 0.001), (.delta8, 0.05)])
    func fewerBytes(_ encoding: UpdateEncoding, _ tolerance: Double) throws {
        let bytes = try untrained()
        let base = try ModelArtifact(parsing: bytes)
        let whole = try ModelArtifact(
            parsing: try learner.train(data, offer: offer(for: bytes), base: bytes) { true }.body)

        let answer = try learner.train(data, offer: offer(for: bytes, encoding: encoding), base: bytes) { true }

        let error = (try weights(in: answer.body, onto: base) - whole.parameters).norm
        #expect(error <= tolerance * (whole.parameters - base.parameters).norm)
        #expect(answer.body.count < bytes.count)
        #expect(answer.residual == nil)
    }

    @Test("what a top-k update leaves out goes into the next one, and of another network is let go")
    func residual() throws {
        let bytes = try untrained()
        let base = try ModelArtifact(parsing: bytes)
        let offer = offer(for: bytes, encoding: .topK(share: 0.1))
        let first = try learner.train(data, offer: offer, base: bytes) { true }
        let rest = try #require(first.residual)
        let second = try learner.train(data, offer: offer, base: bytes, residual: rest) { true }
        let foreign = try learner.train(data, offer: offer, base: bytes, residual: ParameterVector([1])) { true }

        // The same training twice: what was left out the first time counts twice now.
        var sum = try weights(in: second.body, onto: base) - base.parameters
        sum.add(try #require(second.residual), times: 1)
        var expected = try weights(in: first.body, onto: base) - base.parameters
        expected.add(rest, times: 2)
        #expect((sum - expected).norm < 1e-4)
        #expect(foreign == first)
    }

    @Test("statistics are of deviations from each device's own level")
    func statistics() throws {
        let hot = Fixtures.windows(100).map { window in
            SampleWindow(
                start: window.start, end: window.end, length: 4, channelCount: 3, values: window.values.map { $0 + 500 }
            )!
        }
        let both = TrainingData([Fixtures.device: Fixtures.windows(100), DeviceID(checked: "hot"): hot])

        let body = try Wire.decode(StatisticsBody.self, from: try learner.statistics(both).body)
        let one = try Wire.decode(
            StatisticsBody.self,
            from: try learner.statistics(TrainingData([Fixtures.device: Fixtures.windows(100)])).body)

        #expect(body.channels.count == 3)
        for (merged, own) in zip(body.channels, one.channels) {
            #expect(merged.count == 2 * own.count)
            #expect(abs(merged.standardDeviation - own.standardDeviation) < 0.01 * own.standardDeviation)
        }
        for (sketch, moments) in zip(try #require(body.sketches), body.channels) {
            #expect(sketch.count == Double(moments.count))
            #expect(abs(Double(sketch.minimum) - moments.minimum) < 1e-3)
            #expect(abs(try #require(sketch.quantile(0.5)) - moments.mean) < moments.standardDeviation)
        }
    }

    @Test("too few windows, a foreign base and a base of garbage are failures with a reason")
    func failures() throws {
        let bytes = try untrained()
        let few = TrainingData([Fixtures.device: Fixtures.windows(10)])
        #expect(throws: RoundFailure.tooFewWindows(found: 10, needed: 50)) { try learner.statistics(few) }
        #expect(throws: RoundFailure.base("its sha256 is not the one in the offer")) {
            try learner.train(data, offer: offer(for: bytes), base: Data([1])) { true }
        }
        let garbage = Data(repeating: 0x7b, count: 300)
        #expect(throws: RoundFailure.self) {
            try learner.train(data, offer: offer(for: garbage), base: garbage) { true }
        }
        let other = RoundLearner(
            contract: SignalContract(
                channels: [Channel(name: "only")], intervalMilliseconds: 1000, windowLength: 4), seed: 1)
        #expect(throws: RoundFailure.self) { try other.train(data, offer: offer(for: bytes), base: bytes) { true } }
    }
}

extension LocalModel {
    /// The file of an untrained model for the machine of the fixtures, as a coordinator's first version is.
    fileprivate static func untrainedBytes(_ windows: [SampleWindow]) throws -> Data {
        try untrained(
            devices: [windows], architecture: { .denseAutoencoder(inputWidth: $0 * $1, hidden: [6, 2]) },
            falseAlarmsPerDay: 1, seed: 4
        ).encoded()
    }
}
