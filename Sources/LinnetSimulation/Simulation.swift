// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetEdge
import LinnetFederation
import LinnetFleet
import LinnetMessaging
import LinnetNN
import LinnetNumerics

/// A whole fleet in one process, on a virtual clock: agents and coordinator decide by the values that the real ones use,
/// weights are really trained, and a network loses, repeats and delays what they say.
///
///     var simulation = try Simulation(settings: settings, data: PumpStations(agents: 1000, seed: 7))
///     let report = try await simulation.run { outcome in print(outcome.round, outcome.loss ?? 0) }
///
/// Nothing in it reads a clock or rolls dice that the seed does not rule, so the same seed gives the same events, bit for
/// bit, on however many cores.
public struct Simulation {
    public let settings: SimulationSettings
    let data: any FleetData
    let pool: TrainingPool
    var queue = EventQueue<SimulationEvent>(start: Self.start)
    var log: EventLog
    var network: SimulatedNetwork
    var agents: [SimulatedAgent]
    var numbers: [AgentID: Int]
    var coordinator: SimulatedCoordinator
    var attacker: Attacker?

    /// Work that has begun and is not computed, and what has been computed and is not done by the clock.
    var waiting: [TrainingJob] = []
    var computed: [Int: TrainingResult] = [:]
    /// What agents have trained on before; of a fleet larger than this, the first to be asked.
    var rows: [Int: StandardizedRows] = [:]
    static let maximumRows = 20_000
    var trainings = 0
    var agentRestarts = 0
    var coordinatorRestarts = 0
    var honestRefused = 0

    private static let start = Timestamp(milliseconds: 1_767_225_600_000)  // 2026-01-01T00:00:00Z

    /// - Parameters:
    ///   - threads: for training; the result does not depend on it.
    ///   - log: gets every event as a line.
    /// - Throws: ``SimulationError/name(_:)``.
    public init(
        settings: SimulationSettings, data: any FleetData, threads: Int = 1, log: (@Sendable (String) -> Void)? = nil
    ) throws(SimulationError) {
        self.settings = settings
        self.data = data
        self.log = EventLog(sink: log)
        pool = TrainingPool(data: data, threads: max(1, threads), seed: settings.seed)
        network = SimulatedNetwork(rates: settings.faults, seed: settings.seed &+ 0x6e65_7477)
        coordinator = SimulatedCoordinator(settings: settings, contract: data.contract)
        agents = try Self.agents(settings, data, cohort: coordinator.cohort)
        numbers = Dictionary(uniqueKeysWithValues: agents.enumerated().map { ($1.id, $0) })
        attacker = settings.attack.map {
            Attacker(plan: $0, seed: settings.seed, rule: settings.fleet.strategy.rule)
        }
    }

    private static func agents(
        _ settings: SimulationSettings, _ data: any FleetData, cohort: CohortID
    ) throws(SimulationError) -> [SimulatedAgent] {
        var generator = SeededGenerator(seed: settings.seed &+ 0x6167_6e74)
        // Evenly spread over the fleet, and the first agent is never one: it is what a mimic copies.
        let share = settings.attack?.share ?? 0
        let digits = "\(data.agentCount)".count
        var agents: [SimulatedAgent] = []
        for number in 0..<data.agentCount {
            let text = "\(number + 1)"
            let name = "agent-" + String(repeating: "0", count: digits - text.count) + text
            guard let id = AgentID(rawValue: name) else { throw .name(name) }
            let isMalicious = (Double(number + 1) * share).rounded(.down) > (Double(number) * share).rounded(.down)
            let skew = Double(settings.faults.clockSkewMilliseconds) * (2 * generator.uniform() - 1)
            agents.append(
                SimulatedAgent(
                    id: id, latency: 20 + Int64(180 * generator.uniform()),
                    windowsPerSecond: 500 * (0.5 + generator.uniform()), clockSkew: Int64(skew),
                    isMalicious: isMalicious,
                    participation: RoundParticipation(agent: id, cohort: cohort, lastRound: 0)))
        }
        return agents
    }

    /// Runs until the wanted rounds are committed, or as many have been abandoned.
    ///
    /// - Parameter progress: called at the end of every round.
    /// - Throws: ``SimulationError``.
    public mutating func run(progress: (RoundOutcome) -> Void = { _ in }) async throws -> SimulationReport {
        let judge = ModelJudge(
            data: data, agents: judges, trigger: settings.attack.flatMap(WindowPoison.trigger(of:)))
        for number in agents.indices { connect(number) }
        queue.plan(.openRound, after: 0)
        while coordinator.committed < settings.rounds, coordinator.abandoned < settings.rounds {
            guard let event = queue.next() else {
                throw SimulationError.stalled(committed: coordinator.committed, wanted: settings.rounds)
            }
            for outcome in try await handle(event) {
                if outcome.version != nil, let model = coordinator.model {
                    coordinator.note(loss: try judge.quality(of: model).loss)
                }
                if let last = coordinator.outcomes.last { progress(last) }
            }
        }
        guard let model = coordinator.model, let newest = coordinator.newest else {
            throw SimulationError.noModel(coordinator.outcomes.last?.reason ?? "nothing was tried")
        }
        return report(newest, model, try judge.quality(of: model))
    }

    /// The version that the last committed round was trained from, and the one it made; `nil` before there are both.
    public var lastVersions: TrainedVersions? {
        guard let newest = coordinator.model, let parent = coordinator.newest?.parent,
            let file = coordinator.files[parent], let base = try? ModelArtifact(parsing: file)  // it was made here
        else { return nil }
        return TrainedVersions(base: base, newest: newest)
    }

    /// Honest agents, evenly spread over the fleet.
    private var judges: [Int] {
        let honest = agents.indices.filter { !agents[$0].isMalicious }
        let count = min(settings.judges, honest.count)
        return (0..<count).map { honest[$0 * honest.count / count] }
    }

    private func report(_ newest: VersionRecord, _ model: ModelArtifact, _ quality: DetectionQuality)
        -> SimulationReport
    {
        let losses = coordinator.outcomes.filter { $0.kind == "training" }.compactMap(\.loss)
        return SimulationReport(
            agents: agents.count, malicious: agents.count { $0.isMalicious },
            strategy: settings.fleet.strategy.description, seed: settings.seed, rounds: coordinator.outcomes,
            digest: log.digest, version: newest.version.number, model: newest.version.digest.hex,
            parameters: model.parameters.count, firstLoss: losses.first ?? quality.loss, lastLoss: quality.loss,
            precision: quality.precision, recall: quality.recall, f1: quality.f1,
            falseAlarmRate: quality.falseAlarmRate, triggersMissed: quality.triggersMissed,
            honestRefused: honestRefused, messages: network.sent, messagesLost: network.lost,
            messagesRepeated: network.repeated, agentRestarts: agentRestarts,
            coordinatorRestarts: coordinatorRestarts, events: queue.count,
            virtualSeconds: Double(queue.uptime) / 1000, trainings: trainings)
    }
}
