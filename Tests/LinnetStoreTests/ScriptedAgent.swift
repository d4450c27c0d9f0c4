// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFederation
import LinnetMessaging
import LinnetNN
import LinnetNumerics
import LinnetTestKit

/// An agent that says exactly what a test wants it to say.
struct ScriptedAgent {
    static let contract = SignalContract(
        channels: [Channel(name: "a"), Channel(name: "b")], intervalMilliseconds: 100, windowLength: 2)
    static let cohort = CohortID(of: contract)

    let id: AgentID
    let key = SigningKey()
    let session: ULID
    let bus: InMemoryBus
    let topics = TopicScheme()
    let clock: ManualClock

    init(_ name: String, on bus: InMemoryBus, clock: ManualClock) throws {
        id = try AgentID(name)
        self.bus = bus
        self.clock = clock
        var generator = SeededGenerator(seed: 1)
        session = ULID(at: clock.now, using: &generator)
    }

    /// Puts this agent's public key where the coordinator looks for it.
    func trust(in folder: TemporaryDirectory) throws { try folder.write(key.verifyingKey.hex + "\n", to: "\(id).pub") }

    /// Says that it is there, with so many normal windows.
    func report(windows: Int = 200, answers: [RoundKind]? = nil, echo: String = "e") throws {
        let state = AgentState(
            agent: id, session: session, software: "test", at: clock.now, cohort: Self.cohort,
            contract: Self.contract, devices: [], active: nil, previous: nil, candidate: nil, release: 0,
            trainingWindows: windows, outboxDepth: 0, outboxDropped: 0, residentBytes: 0,
            answers: answers?.map(\.rawValue), echo: echo)
        try bus.deliver(
            Message(topic: topics.text(.state(id)), payload: try Wire.encode(state), isRetained: true))
    }

    /// Says where it stands with a release.
    func report(
        on manifest: ReleaseManifest, _ state: RolloutState, _ reason: String = "", _ evidence: [String: Double] = [:]
    ) throws {
        let report = RolloutReport(
            agent: id, release: manifest.release, version: manifest.model.version, state: state, reason: reason,
            evidence: evidence, at: clock.now)
        try bus.deliver(
            Message(topic: topics.text(.rollout(id, release: manifest.release)), payload: try Wire.encode(report)))
    }

    /// Goes the whole way with a release.
    func confirm(_ manifest: ReleaseManifest, _ evidence: [String: Double]) throws {
        try report(on: manifest, .activated, "", evidence)
        try report(on: manifest, .confirmed)
    }

    /// The answer to a statistics round: two channels of different spread.
    func statistics(for offer: RoundOffer, sequence: Int64) throws {
        var moments = [ChannelMoments(), ChannelMoments()]
        for step in 0..<100 {
            moments[0].add(Double(step % 10))
            moments[1].add(Double(step % 7) * 3)
        }
        try send(try Wire.encode(StatisticsBody(channels: moments)), for: offer, sequence: sequence)
    }

    /// The answer to an evaluation round.
    func evaluation(for offer: RoundOffer, sequence: Int64, _ body: EvaluationBody) throws {
        try send(try Wire.encode(body), for: offer, sequence: sequence, windows: body.windows)
    }

    /// The answer to a training round: the base with every parameter moved by `change`.
    func training(
        for offer: RoundOffer, base: ModelArtifact, sequence: Int64, windows: Int = 100,
        signedBy signer: SigningKey? = nil,
        change: (inout ModelArtifact) -> Void
    ) throws {
        var model = base
        change(&model)
        try send(model.encoded(), for: offer, sequence: sequence, windows: windows, signedBy: signer)
    }

    /// The answer to a training round in fewer bytes: the base with every parameter moved by `change`.
    func training(
        for offer: RoundOffer, base: ModelArtifact, encoding: UpdateEncoding, sequence: Int64,
        control: ParameterVector? = nil, change: (inout ModelArtifact) -> Void
    ) throws {
        var model = base
        change(&model)
        var generator = SeededGenerator(seed: 1)
        let update = try CompressedUpdate.encode(
            encoding, base: base.parameters, trained: model.parameters,
            blocks: try Network(base.architecture).slots.map(\.range), using: &generator
        ).update
        let tensors = update.tensors + (try control.map { [try ControlVariate($0).tensor] } ?? [])
        let file = SafetensorsFile(tensors: tensors, metadata: update.metadata)
        try send(file.encoded(), for: offer, sequence: sequence)
    }

    /// Sends an update in chunks of 4 KiB.
    func send(
        _ body: Data, for offer: RoundOffer, sequence: Int64, windows: Int = 100, signedBy signer: SigningKey? = nil
    ) throws {
        let plan = ChunkPlan(of: body, chunkBytes: 4096)
        let header = UpdateHeader(
            agent: id, cohort: offer.cohort, round: offer.round, kind: offer.kind, base: offer.base?.version,
            windows: windows, lossBefore: offer.kind == .training ? 2 : nil,
            lossAfter: offer.kind == .training ? 1 : nil, plan: plan, sequence: sequence, at: clock.now)
        let envelope = try SignedEnvelope(sealing: header, with: signer ?? key)
        try bus.deliver(
            Message(
                topic: topics.text(.update(id, round: offer.round, part: 0)), payload: try envelope.encoded()))
        for index in 0..<plan.count {
            try bus.deliver(
                Message(
                    topic: topics.text(.update(id, round: offer.round, part: index + 1)),
                    payload: plan.chunk(index, of: body) ?? Data()))
        }
    }

    /// The last acknowledgement that was sent to this agent.
    var acknowledgement: Acknowledgement? {
        bus.published.last { $0.topic == topics.text(.acknowledgement(id)) }
            .flatMap { try? Wire.decode(Acknowledgement.self, from: $0.payload) }
    }
}
