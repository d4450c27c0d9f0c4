// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFederation
import LinnetFleet
import LinnetMessaging
import LinnetNN
import LinnetNumerics
import LinnetStore
import Logging

/// A coordinator on a file of its own, a broker in memory, and agents that answer at once with something plausible.
final class BenchmarkFleet {
    private struct Agent {
        let id: AgentID
        let key = SigningKey()
        var sequence: Int64 = 0
    }

    let coordinator: FleetCoordinator
    private let bus = InMemoryBus()
    private let key = SigningKey()
    private let store: SQLiteFleetStore
    private let topics = TopicScheme()
    private let contract = SignalContract(
        channels: (0..<BenchmarkCase.inputWidth).map { Channel(name: "channel-\($0)") }, intervalMilliseconds: 1000,
        windowLength: 1)
    private var agents: [Agent]
    private var lastRound = 0
    private var lastRelease = 0
    private(set) var parameterCount = 0

    init(directory: String, agents count: Int, strategy: StrategyDescription) throws {
        agents = try (0..<count).map { Agent(id: try AgentID("agent-\($0)")) }
        for agent in agents {
            try Data(agent.key.verifyingKey.hex.utf8).write(to: URL(filePath: "\(directory)/\(agent.id).pub"))
        }
        store = try SQLiteFleetStore(path: directory + "/coordinator.sqlite")
        coordinator = FleetCoordinator(
            settings: FleetSettings(
                rounds: RoundPolicy(
                    everyMilliseconds: 1, quorum: count, quorumShare: 1, goal: count, minimumWindows: 1,
                    freshMilliseconds: 3_600_000),
                model: .dense(BenchmarkCase.hidden), strategy: strategy),
            store: store, bus: bus, topics: topics, key: key, trusted: TrustedAgents(directory: directory),
            generator: SeededGenerator(seed: 1),
            logger: Logger(label: "benchmark", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    /// Has all agents report, and answers the statistics round.
    func makeFirstVersion() async throws {
        let cohort = CohortID(of: contract)
        var generator = SeededGenerator(seed: 1)
        // The coordinator does not listen from the first moment on.
        while try await coordinator.report().agentsOnline < agents.count {
            for agent in agents {
                let now = WallClock.system.now()
                let state = AgentState(
                    agent: agent.id, session: ULID(at: now, using: &generator), software: "benchmark", at: now,
                    cohort: cohort, contract: contract, devices: [], active: nil, previous: nil, candidate: nil,
                    release: 0, trainingWindows: 1000, outboxDepth: 0, outboxDropped: 0, residentBytes: 0, echo: "")
                try bus.deliver(
                    Message(
                        topic: topics.text(.state(agent.id)), payload: try Wire.encode(state), isRetained: true))
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        let offer = try await nextOffer(.statistics)
        var moments = ChannelMoments()
        for value in 0..<100 { moments.add(Double(value % 10)) }
        let body = try Wire.encode(
            StatisticsBody(channels: [ChannelMoments](repeating: moments, count: contract.channels.count)))
        for index in agents.indices { try send(body, for: offer, from: index) }
    }

    /// Answers one training round.
    ///
    /// - Returns: seconds from the last agent's last chunk to the release of the new version.
    func trainingRound() async throws -> Double {
        let offer = try await nextOffer(.training)
        guard let digest = offer.base?.version.digest, let file = try store.file(of: digest) else { return .nan }
        var model = try ModelArtifact(parsing: file)
        parameterCount = model.parameters.count
        var generator = SeededGenerator(seed: UInt64(offer.round))
        let base = model.parameters
        let bodies = agents.map { _ in
            for i in 0..<base.count { model.parameters[i] = base[i] + Float(generator.gaussian()) * 0.01 }
            return model.encoded()
        }
        for index in agents.indices.dropLast() { try send(bodies[index], for: offer, from: index) }
        while try store.acceptedAgents(of: offer.round).count < agents.count - 1 {
            try await Task.sleep(for: .milliseconds(2))
        }
        let start = monotonicSeconds()
        try send(bodies[agents.count - 1], for: offer, from: agents.count - 1)
        let release = lastRelease
        lastRelease = try await poll(.release(offer.cohort), as: ReleaseManifest.self) {
            $0.release > release ? $0.release : nil
        }
        return monotonicSeconds() - start
    }

    private func nextOffer(_ kind: RoundKind) async throws -> RoundOffer {
        let last = lastRound
        let offer = try await poll(.round(CohortID(of: contract)), as: RoundOffer.self) {
            $0.isOpen && $0.kind == kind && $0.round > last ? $0 : nil
        }
        lastRound = offer.round
        return offer
    }

    /// Looks at a retained message until it says what is waited for.
    private func poll<Payload: SignedPayload, Found>(
        _ topic: Topic, as type: Payload.Type, _ found: (Payload) -> Found?
    ) async throws -> Found {
        while true {
            if let message = bus.retained(topics.text(topic)),
                let value = found(try SignedEnvelope.open(message.payload, as: Payload.self, by: key.verifyingKey))
            {
                return value
            }
            try await Task.sleep(for: .microseconds(500))
        }
    }

    private func send(_ body: Data, for offer: RoundOffer, from index: Int) throws {
        agents[index].sequence += 1
        let agent = agents[index]
        let plan = ChunkPlan(of: body, chunkBytes: 65_536)
        let isTraining = offer.kind == .training
        let header = UpdateHeader(
            agent: agent.id, cohort: offer.cohort, round: offer.round, kind: offer.kind, base: offer.base?.version,
            windows: 1000, lossBefore: isTraining ? 2 : nil, lossAfter: isTraining ? 1 : nil, plan: plan,
            sequence: agent.sequence, at: WallClock.system.now())
        let envelope = try SignedEnvelope(sealing: header, with: agent.key)
        try bus.deliver(
            Message(
                topic: topics.text(.update(agent.id, round: offer.round, part: 0)), payload: try envelope.encoded()))
        for part in 0..<plan.count {
            try bus.deliver(
                Message(
                    topic: topics.text(.update(agent.id, round: offer.round, part: part + 1)),
                    payload: plan.chunk(part, of: body) ?? Data()))
        }
    }
}
