// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDetection
import LinnetDomain
import LinnetMessaging
import LinnetNN
import LinnetNumerics
import Logging

/// Carries out what ``RoundParticipation`` decides.
///
/// One event is taken at a time. What takes long runs beside it and comes back as another event.
public actor RoundWorker {
    typealias Job = @Sendable () async throws -> Void

    private let parts: AgentParts
    private let key: SigningKey
    private let learner: RoundLearner
    private let devices: [DevicePipeline]
    private let mailbox = Mailbox<RoundEvent>()
    private var participation: RoundParticipation
    /// Whether what is being computed is still wanted.
    private var work: WorkToken?
    private var isSending = false
    /// What the answer to a round leaves behind, until it is known whether the answer counts.
    private var leftBehind: (round: Int, residual: ParameterVector?, control: ParameterVector?)?

    /// Bytes of a chunk of the answer's body.
    private static let chunkBytes = 64 * 1024

    init(parts: AgentParts, key: SigningKey, devices: [DevicePipeline]) {
        self.parts = parts
        self.key = key
        self.devices = devices
        learner = RoundLearner(
            contract: parts.contract, stride: parts.configuration.window.stride, seed: parts.seed,
            trimmedShare: parts.configuration.learning.trimmedShare)
        participation = RoundParticipation(
            agent: parts.configuration.agent, cohort: CohortID(of: parts.contract), lastRound: 0)
    }

    /// Hands something in, from anywhere.
    nonisolated func post(_ event: RoundEvent) { mailbox.post(event) }

    /// Goes on with what the store holds.
    func restore() async throws(EdgeStoreError) {
        participation = RoundParticipation(
            agent: parts.configuration.agent, cohort: CohortID(of: parts.contract),
            lastRound: try await parts.store.lastRound(), pace: try await parts.store.roundPace())
    }

    /// Works until the task is cancelled.
    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for await event in mailbox.stream {
                if case .offer = event {
                    let reason = await parts.sitsOut(devices)
                    _ = participation.handle(.sitsOut(reason), uptime: parts.clock.uptime())
                }
                for action in participation.handle(event, uptime: parts.clock.uptime()) {
                    if let job = try await perform(action) { group.addTask { try await job() } }
                }
            }
            group.cancelAll()
        }
    }

    // MARK: - Actions

    private func perform(_ action: RoundAction) async throws -> Job? {
        switch action {
        case .beginLater: break  // a tick comes several times a second
        case .remember(let pace):
            do { try await parts.store.keep(pace: pace) } catch {
                // Forgotten at the next restart, it is said again with the next offer.
                guard error.isTransient else { throw error }
            }
        case .getBase(let reference): try await getBase(reference)
        case .stopGettingBase(let digest): await parts.downloads.forget(digest, for: .roundBase)
        case .getControl(let plan):
            await parts.downloads.get(plan, for: .roundBase) { [self] file in post(.base(plan.digest, file)) }
        case .train(let offer, let files, let control): return compute(offer, bases: files, control: control)
        case .evaluate(let offer, let file): return compute(offer, bases: [file])
        case .gatherStatistics(let offer): return compute(offer, bases: [])
        case .stopWorking: work?.cancel()
        case .send(let update): return send(update)
        case .heard(let receipt):
            parts.logger.info(
                receipt.accepted ? "update accepted" : "update refused",
                metadata: ["round": "\(receipt.round)", "reason": "\(receipt.reason)"])
            try await settle(receipt)
        case .sitOut(let offer, let reason):
            parts.logger.info("no answer to this round", metadata: ["round": "\(offer.round)", "reason": "\(reason)"])
        case .finish(let round):
            work = nil
            do { try await parts.store.finish(round: round) } catch {
                // Forgotten at the next restart, the round is answered once more, and refused as a duplicate.
                guard error.isTransient else { throw error }
            }
        }
        return nil
    }

    private func getBase(_ reference: ModelReference) async throws(EdgeStoreError) {
        let digest = reference.version.digest
        for slot in ModelSlot.allCases {
            if let stored = try await parts.store.model(in: slot), stored.version.digest == digest {
                return post(.base(digest, stored.bytes))
            }
        }
        await parts.downloads.get(reference.plan, for: .roundBase) { [self] file in post(.base(digest, file)) }
    }

    private func compute(_ offer: RoundOffer, bases: [Data], control: Data? = nil) -> Job {
        let token = WorkToken()
        work = token
        return { [self, learner, parts, key] in
            do {
                let data = try await parts.trainingData(
                    newest: offer.settings.maximumWindows, atLeast: RoundLearner.minimumWindows)
                let residual = try await parts.store.residual()
                let own = try await parts.store.ownLayers()
                let controls =
                    offer.settings.controlVariates
                    ? ControlTerms(fleet: control, own: try await parts.store.control()) : nil
                let answer = try await parts.thread.run(maximumSeconds: offer.settings.maximumSeconds) { pause in
                    guard let base = bases.first else { return try learner.statistics(data) }
                    if offer.kind == .evaluation {
                        return try learner.evaluate(data, offer: offer, base: base, own: own)
                    }
                    return try learner.train(
                        data, offer: offer, bases: bases, residual: residual, controls: controls, own: own
                    ) { !token.isCancelled && pause() }
                }
                guard !token.isCancelled, !Task.isCancelled else { return }
                if offer.kind == .training {
                    // Before the answer goes out, and whatever becomes of it: the version that comes of it needs them.
                    if own != answer.ownLayers { try await parts.store.keep(ownLayers: answer.ownLayers) }
                    // Only what was trained has left something out.
                    await note(answer, round: offer.round)
                }
                let header = UpdateHeader(
                    agent: parts.configuration.agent, cohort: offer.cohort, round: offer.round, kind: offer.kind,
                    base: answer.base ?? offer.base?.version, windows: answer.windows, lossBefore: answer.lossBefore,
                    lossAfter: answer.lossAfter, scores: answer.scores,
                    plan: ChunkPlan(of: answer.body, chunkBytes: Self.chunkBytes),
                    sequence: try await parts.store.nextUpdateSequence(), at: parts.clock.now())
                post(.prepared(try PreparedUpdate(header, body: answer.body, key: key)))
            } catch let error as EdgeStoreError where !error.isTransient {
                throw error
            } catch {
                post(.failed(round: offer.round, "\(error)"))
            }
        }
    }

    private func note(_ answer: RoundLearner.Answer, round: Int) {
        leftBehind = (round, answer.residual, answer.control)
    }

    /// Keeps what an accepted answer has left out, and its control variate. What a refused one has learned is gone, and its
    /// rest with it: then what was kept before stays.
    private func settle(_ receipt: UpdateReceipt) async throws(EdgeStoreError) {
        defer { leftBehind = nil }
        guard receipt.accepted, let leftBehind, leftBehind.round == receipt.round else { return }
        do {
            try await parts.store.keep(residual: leftBehind.residual)
            if let control = leftBehind.control { try await parts.store.keep(control: control) }
        } catch {
            guard error.isTransient else { throw error }
        }
    }

    private func send(_ update: PreparedUpdate) -> Job? {
        guard let bus = parts.bus, !isSending else { return nil }
        isSending = true
        return { [self, parts] in
            do {
                for (part, payload) in update.parts.enumerated() {
                    let topic = parts.topics.text(
                        .update(parts.configuration.agent, round: update.round, part: part))
                    try await bus.publish(Message(topic: topic, payload: payload, expirySeconds: 3600))
                }
                parts.logger.debug("update sent", metadata: ["round": "\(update.round)"])
            } catch {
                // It goes out again after a while, or as soon as there is a connection.
                parts.logger.debug(
                    "update not sent", metadata: ["round": "\(update.round)", "reason": "\(error)"])
            }
            await finishSending()
        }
    }

    private func finishSending() { isSending = false }
}
