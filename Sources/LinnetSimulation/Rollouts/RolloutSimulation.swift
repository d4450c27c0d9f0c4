// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetEdge
import LinnetFleet
import LinnetMessaging
import LinnetNN
import LinnetNumerics

/// A staged rollout in a whole fleet in one process, on a virtual clock: the coordinator decides by the machine that the real
/// one uses, every agent by the real life cycle of a model, and each tries the version on its own windows.
///
///     var simulation = try RolloutSimulation(settings: settings, data: stations, base: base, candidate: candidate)
///     let report = try simulation.run { tick in print(tick.stage, tick.counts) }
///
/// Nothing in it reads a clock or rolls dice that the seed does not rule.
public struct RolloutSimulation {
    enum Event {
        /// The coordinator looks at the time.
        case tick
        /// A manifest reaches an agent.
        case manifest(agent: Int, ReleaseManifest)
        /// An agent's step is done.
        case step(agent: Int, ModelEvent)
        /// An agent that is ready looks whether it may switch.
        case look(agent: Int)
        /// The windows after a switch are scored.
        case probationOver(agent: Int, release: Int)
        /// An agent's word reaches the coordinator.
        case report(RolloutReport)
        /// An agent is back.
        case connected(agent: Int)
    }

    public let settings: RolloutSimulationSettings
    let trials: DeviceTrials
    let contract: SignalContract
    let models: [Digest: (file: Data, artifact: ModelArtifact?)]
    var queue = EventQueue<Event>(start: Self.start)
    var log: EventLog
    var network: SimulatedNetwork
    var agents: [RolloutAgent]
    private let numbers: [AgentID: Int]
    private let offline: Int

    // What the coordinator stores.
    private var machine: RolloutMachine
    private var nextRelease = 2
    private var isQuarantined = false
    // What the broker keeps.
    private var release: ReleaseManifest
    private var orders: [Int: ReleaseManifest] = [:]
    private var ticks = 0

    static let tickMilliseconds: Int64 = 10_000
    private static let start = Timestamp(milliseconds: 1_767_225_600_000)  // 2026-01-01T00:00:00Z
    private static let chunkBytes = 65_536

    /// - Parameters:
    ///   - base: what every agent runs before.
    ///   - candidate: what is rolled out.
    /// - Throws: ``SimulationError`` for a fleet without a name for an agent.
    public init(
        settings: RolloutSimulationSettings, data: any FleetData, base: ModelArtifact, candidate: ModelArtifact,
        log: (@Sendable (String) -> Void)? = nil
    ) throws(SimulationError) {
        self.settings = settings
        trials = DeviceTrials(data: data, seed: settings.seed)
        contract = data.contract
        self.log = EventLog(sink: log)
        network = SimulatedNetwork(rates: settings.faults, seed: settings.seed &+ 0x6e65_7477)
        let cohort = CohortID(of: data.contract)
        let (old, new) = (base.encoded(), candidate.encoded())
        // A file that can not be read is none that an agent could run; it has to find that out itself.
        models = [
            Digest(of: old): (old, base), Digest(of: new): (new, try? ModelArtifact(parsing: new)),
        ]
        func manifest(_ file: Data, number: Int, parent: Digest?) -> ReleaseManifest {
            let version = ModelVersion(number: number, digest: Digest(of: file))
            return ReleaseManifest(
                cohort: cohort, release: number,
                model: ModelReference(
                    version: version, plan: ChunkPlan(of: file, chunkBytes: Self.chunkBytes)),
                parent: parent, round: number, participants: data.agentCount,
                shadowWindows: settings.plan.shadowWindows,
                releasedAt: Self.start)
        }
        release = manifest(old, number: 1, parent: nil)
        agents = try Self.agents(settings, data, running: release.model.version)
        numbers = Dictionary(uniqueKeysWithValues: agents.enumerated().map { ($1.id, $0) })
        offline = agents.count { !$0.isOnline }
        var draft = manifest(new, number: 2, parent: Digest(of: old))
        draft.release = 0
        machine = RolloutMachine(
            Rollout(
                number: 1, cohort: cohort, plan: settings.plan, manifest: draft, createdBy: "simulation",
                createdAt: Self.start))
    }

    private static func agents(
        _ settings: RolloutSimulationSettings, _ data: any FleetData, running version: ModelVersion
    ) throws(SimulationError) -> [RolloutAgent] {
        var generator = SeededGenerator(seed: settings.seed &+ 0x6167_6e74)
        let digits = "\(data.agentCount)".count
        var agents: [RolloutAgent] = []
        for number in 0..<data.agentCount {
            let text = "\(number + 1)"
            let name = "agent-" + String(repeating: "0", count: digits - text.count) + text
            guard let id = AgentID(rawValue: name) else { throw .name(name) }
            let (away, failing) = (generator.uniform(), generator.uniform())
            agents.append(
                RolloutAgent(
                    id: id, latency: 20 + Int64(180 * generator.uniform()), isFailing: failing < settings.failingShare,
                    isOnline: away >= settings.offlineShare,
                    lifecycle: ModelLifecycle(
                        contract: data.contract, lastRelease: 1, active: version, previous: nil)))
        }
        return agents
    }

    // MARK: - Running

    /// Runs until the rollout is over and nobody has anything left to do, or the time is up.
    ///
    /// - Parameter progress: called after every look at the time.
    /// - Throws: ``SimulationError/judging(_:)`` if a device could not try a model.
    public mutating func run(
        progress: (RolloutTick) -> Void = { _ in }
    ) throws(SimulationError) -> RolloutSimulationReport {
        if let hours = settings.backWithinHours {
            for number in agents.indices where !agents[number].isOnline {
                queue.plan(.connected(agent: number), after: Int64(hours * 3_600_000 * network.uniform()))
            }
        }
        _ = machine.handle(.asked(.start, by: "simulation", why: "simulated"), context)
        queue.plan(.tick, after: 0)
        let end = Int64(settings.maximumHours * 3_600_000)
        while queue.uptime < end, let event = queue.next() {
            try handle(event)
            if case .tick = event { progress(tick) }
        }
        return report
    }

    private mutating func handle(_ event: Event) throws(SimulationError) {
        switch event {
        case .tick:
            ticks += 1
            move(.tick)
            if !machine.rollout.phase.isOver { queue.plan(.tick, after: Self.tickMilliseconds) }
        case .report(let report):
            let manifest = machine.rollout.manifest
            guard report.release == manifest.release, report.version == manifest.model.version else { return }
            move(.heard(TargetReport(report)))
        case .connected(let agent):
            log.add(queue.uptime, "\(agents[agent].id) is back")
            agents[agent].isOnline = true
            if let report = agents[agent].lastReport { send(report, from: agent) }
            // The newest of what the broker keeps for it and for all, however much it has missed.
            for manifest in [release, orders[agent]].compactMap(\.self) { deliver(manifest, to: agent) }
        case .manifest, .step, .look, .probationOver: try handleAtAgent(event)
        }
    }

    // MARK: - Coordinator

    private var context: RolloutContext {
        // Those online first, as the coordinator does.
        let order = agents.indices.sorted { (agents[$0].isOnline ? 0 : 1, $0) < (agents[$1].isOnline ? 0 : 1, $1) }
        return RolloutContext(
            now: queue.now, nextRelease: nextRelease, current: release,
            agents: machine.rollout.phase == .scheduled ? order.map { agents[$0].id } : [], alarmsPerHour: 0)
    }

    private mutating func move(_ event: RolloutEvent) {
        for action in machine.handle(event, context) {
            switch action {
            case .note(let what, _, let why): log.add(queue.uptime, "\(what): \(why)")
            case .release: nextRelease += 1
            case .assign(let ids):
                for agent in ids.compactMap({ numbers[$0] }) {
                    guard let manifest = machine.manifest(for: agents[agent].id) else { continue }
                    orders[agent] = manifest
                    deliver(manifest, to: agent)
                }
            case .releaseToAll(let manifest), .goBack(let manifest):
                nextRelease = max(nextRelease, manifest.release + 1)
                release = manifest
                for agent in agents.indices { deliver(manifest, to: agent) }
            case .quarantine: isQuarantined = true
            case .withdrawOrders: orders = [:]
            }
        }
    }

    /// What is retained is never lost for good: the broker hands it out at the next connect.
    private mutating func deliver(_ manifest: ReleaseManifest, to agent: Int) {
        guard agents[agent].isOnline else { return }
        let delays = network.deliver(latency: agents[agent].latency)
        for delay in delays { queue.plan(.manifest(agent: agent, manifest), after: delay) }
        if delays.isEmpty { queue.plan(.manifest(agent: agent, manifest), after: reconnect()) }
    }

    /// An agent's last word is said again at the next connect.
    mutating func send(_ report: RolloutReport, from agent: Int) {
        let delays = network.deliver(latency: agents[agent].latency)
        for delay in delays { queue.plan(.report(report), after: delay) }
        if delays.isEmpty { queue.plan(.report(report), after: reconnect()) }
    }

    private mutating func reconnect() -> Int64 { 1000 + Int64(29_000 * network.uniform()) }

    // MARK: - Reports

    private var newDigest: Digest { machine.rollout.version.digest }

    private var tick: RolloutTick {
        let rollout = machine.rollout
        var states: [String: Int] = [:]
        for target in machine.targets.values { states[target.state.rawValue, default: 0] += 1 }
        return RolloutTick(
            seconds: Double(queue.uptime) / 1000, phase: rollout.phase, stage: rollout.stage, counts: machine.counts,
            states: states, running: agents.count { $0.lifecycle.active?.digest == newDigest },
            waitsFor: rollout.waitsFor)
    }

    private var report: RolloutSimulationReport {
        let rollout = machine.rollout
        let onNew = agents.count { $0.lifecycle.active?.digest == newDigest }
        return RolloutSimulationReport(
            agents: agents.count, offline: offline, failing: agents.count { $0.isFailing }, phase: rollout.phase,
            stage: rollout.stage + 1, stages: rollout.plan.stages.count,
            reason: rollout.reason ?? rollout.waitsFor ?? "", counts: machine.counts, onNew: onNew,
            onOld: agents.count - onNew, isQuarantined: isQuarantined, ticks: ticks, events: queue.count,
            virtualSeconds: Double(queue.uptime) / 1000, digest: log.digest)
    }
}
