// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDetection
import LinnetDomain
import LinnetMessaging
import Logging
import ServiceLifecycle

/// The agent: watches the devices of its configuration, learns from them, and works with a coordinator if there is one.
///
///     let session = AgentSession(agent: configuration.agent, at: .now(), using: &generator)
///     let bus = MosquittoBus(settings: settings, clientID: session.agent.rawValue, will: try session.will(), logger: logger)
///     let agent = try EdgeAgent(configuration: configuration, session: session, bus: bus, logger: logger)
///     // … and one ServiceGroup of the bus, then the agent: it says goodbye while the bus still runs.
///
/// Detection depends on nothing but the device and the disk: coordinator, broker and training may all be gone.
public final class EdgeAgent: Service {
    let parts: AgentParts
    private let session: AgentSession
    private let sources: SourceFactory
    private let devices: [DevicePipeline]
    private let outputs: Mailbox<DeviceOutput>
    private let keeper: ModelKeeper
    private let worker: RoundWorker
    private let courier: Courier
    private let reporter: StateReporter
    private let inbox = AgentInbox()

    /// How often everything looks whether something is due, in milliseconds.
    private static let heartbeatMilliseconds = 250
    /// After which what only start-up needed is given back, and how often what a round or a rollout has left behind.
    private static let startUpSeconds = 10
    private static let betweenReleasesSeconds = 60

    /// Opens the store, the key and every source, and subscribes; nothing runs before ``run()``.
    ///
    /// - Parameters:
    ///   - bus: `nil` where the agent works alone.
    ///   - readings: the connections by which devices get what their machines publish.
    ///   - sources: where samples come from; by the clock unless told otherwise.
    ///   - seed: what initial weights and orders of batches follow from; `nil` takes the agent's name.
    /// - Throws: ``AgentError`` in words for the operator.
    public init(
        configuration: EdgeConfiguration, session: AgentSession, bus: (any MessageBus)?,
        readings: [DeviceID: any MessageBus] = [:], clock: AgentClock = .system, sources: SourceFactory? = nil,
        seed: UInt64? = nil, logger: Logger
    ) throws(AgentError) {
        self.session = session
        var sources = sources ?? .live(WallClock { clock.now() })
        let contract = try configuration.contract(by: sources)
        sources.feeds = Self.feeds(configuration, readings, clock: WallClock { clock.now() }, logger: logger)
        self.sources = sources
        let store = try Self.openStore(configuration, clock: clock, logger: logger)
        let key = try Self.key(in: configuration.stateDirectory)
        let parts = AgentParts(
            configuration: configuration, contract: contract, topics: session.topics, store: store, bus: bus,
            downloads: ModelDownloads(
                agent: configuration.agent, topics: session.topics, bus: bus, store: store, clock: clock, logger: logger
            ),
            thread: TrainingThread(cpuShare: configuration.learning.cpuShare), clock: clock,
            seed: seed ?? Self.seed(of: configuration.agent), logger: logger)
        self.parts = parts
        courier = Courier(
            agent: configuration.agent, topics: session.topics, store: store, bus: bus, clock: clock, logger: logger)
        let outputs = Mailbox<DeviceOutput>(limit: 4096)
        self.outputs = outputs
        let groups = AlarmGroups()
        devices = configuration.devices.map { device in
            DevicePipeline(
                device: device.id, configuration: configuration, contract: contract, store: store, clock: clock,
                logger: logger, makeID: Self.makeID, groups: groups, output: { outputs.post($0) })
        }
        keeper = ModelKeeper(parts: parts, devices: devices)
        worker = RoundWorker(parts: parts, key: key, devices: devices)
        reporter = StateReporter(
            parts: parts, session: session.id, devices: devices, keeper: keeper, courier: courier)
        if let bus {
            inbox.attach(to: bus, topics: session.topics, agent: configuration.agent, cohort: CohortID(of: contract))
        }
    }

    /// Watches until graceful shutdown, then saves all there is to save and says goodbye.
    ///
    /// - Throws: ``EdgeStoreError`` if the disk fails: an agent that can keep nothing stops, to be started again.
    public func run() async throws {
        try await restore()
        parts.logger.notice(
            "agent started",
            metadata: [
                "agent": "\(session.agent)", "cohort": "\(CohortID(of: parts.contract))",
                "devices": "\(devices.count)", "channels": "\(parts.contract.channels.count)",
                "coordinator": "\(parts.bus == nil ? "none" : "configured")",
            ])
        do {
            try await cancelWhenGracefulShutdown { try await self.work() }
        } catch is CancellationError {
            // The way every part ends.
        }
        for device in devices { try await device.close() }
        try await reporter.close()
        parts.logger.notice("agent stopped")
    }

    private func restore() async throws {
        if try await parts.store.adopt(parts.contract, at: parts.clock.now()) {
            parts.logger.warning("the devices' signal contract has changed: windows and models of the old one are gone")
        }
        for device in devices { try await device.restore() }
        try await keeper.restore()
        try await worker.restore()
    }

    private func work() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (device, configuration) in zip(devices, parts.configuration.devices) {
                group.addTask { [sources] in try await device.run { try sources.open(configuration) } }
            }
            group.addTask { [keeper] in try await keeper.run() }
            group.addTask { [worker] in try await worker.run() }
            group.addTask { [courier] in try await courier.run() }
            group.addTask { await self.forwardOutputs() }
            group.addTask { try await self.readInbox() }
            group.addTask { try await Self.beat { try await self.tickParts() } }
            group.addTask {
                try await Task.sleep(for: .seconds(Self.startUpSeconds))
                while !Task.isCancelled {
                    ResidentMemory.release()
                    try await Task.sleep(for: .seconds(Self.betweenReleasesSeconds))
                }
            }
            // Apart from the others, because it waits for the broker.
            group.addTask { try await Self.beat { try await self.tickReports() } }
            // Not `waitForAll`: the first part that fails ends the others.
            while try await group.next() != nil {}
        }
    }
}

// MARK: - What keeps it going

extension EdgeAgent {
    private static func beat(_ tick: () async throws -> Void) async throws {
        while !Task.isCancelled {
            try await tick()
            try await Task.sleep(for: .milliseconds(heartbeatMilliseconds))
        }
    }

    private func tickParts() async throws {
        for device in devices { try await device.tick() }
        keeper.post(.tick)
        worker.post(.tick)
        await courier.tick()
    }

    private func tickReports() async throws {
        try await parts.downloads.tick()
        try await reporter.tick()
    }

    private func forwardOutputs() async {
        for await output in outputs.stream {
            if output == .eventCommitted { await courier.eventCommitted() } else { keeper.post(.device(output)) }
        }
    }

    private func readInbox() async throws {
        for await input in inbox.inputs {
            switch input {
            case .connection(let isConnected): await connectionChanged(isConnected)
            case .message(let message):
                try await receive(message)
                inbox.taken(message)
            }
        }
    }

    private func connectionChanged(_ isConnected: Bool) async {
        parts.logger.info(isConnected ? "connected" : "not connected; the agent goes on alone")
        if isConnected { keeper.post(.connected) }
        worker.post(.connectionChanged(isConnected))
        await courier.connectionChanged(isConnected: isConnected)
        await parts.downloads.connectionChanged(isConnected: isConnected)
        await reporter.connectionChanged(isConnected: isConnected)
    }

    private func receive(_ message: Message) async throws(EdgeStoreError) {
        // An empty retained message is how a topic is cleared.
        guard let coordinator = parts.configuration.coordinator, !message.payload.isEmpty else { return }
        var acknowledged: Int64?
        var released: (manifest: ReleaseManifest, rollout: Int?)?
        do throws(WireError) {
            switch parts.topics.parse(message.topic) {
            case .acknowledgement(session.agent):
                let acknowledgement = try Wire.decode(Acknowledgement.self, from: message.payload)
                worker.post(.receipts(acknowledgement.receipts))
                await reporter.received(echo: acknowledgement.echo)
                acknowledged = acknowledgement.through
            case .round:
                let offer = try SignedEnvelope.open(message.payload, as: RoundOffer.self, by: coordinator.publicKey)
                let arrival = RoundArrival(wasRetained: message.wasRetained, at: parts.clock.now())
                worker.post(.offer(offer, arrival))
            case .release:
                let manifest = try SignedEnvelope.open(
                    message.payload, as: ReleaseManifest.self, by: coordinator.publicKey)
                released = (manifest, nil)
            case .desired(session.agent):
                let desired = try SignedEnvelope.open(
                    message.payload, as: DesiredVersion.self, by: coordinator.publicKey)
                released = (try desired.manifest(for: session.agent), desired.rollout)
            case .model(let digest, let index):
                await parts.downloads.take(message.payload, of: digest, index: index)
            default: break
            }
        } catch {
            parts.refusals.count(error)
            parts.logger.warning("message refused", metadata: ["topic": "\(message.topic)", "reason": "\(error)"])
        }
        if let released { try await act(on: released.manifest, orderedBy: released.rollout) }
        if let acknowledged { try await courier.acknowledged(through: acknowledged) }
    }
}

// MARK: - Releases

extension EdgeAgent {
    /// Hands a release on, unless it is another lineage's. Which one the agent belongs to is said by orders, and kept: the
    /// broker hands out the cohort's release, which is the first lineage's, at every connect.
    ///
    /// - Parameter rollout: the rollout that orders it, 0 for none; `nil` where it is no order.
    private func act(on manifest: ReleaseManifest, orderedBy rollout: Int?) async throws(EdgeStoreError) {
        if let lineage = manifest.lineage {
            if rollout != nil {
                do { try await parts.store.keep(lineage: lineage) } catch {
                    // Said again with the next order.
                    guard error.isTransient else { throw error }
                }
            } else if let own = try await parts.store.lineage(), own != lineage {
                return
            }
        }
        let isRollout = rollout ?? 0 > 0
        keeper.post(
            isRollout ? .order(manifest, rollout: rollout ?? 0) : .event(.manifest(manifest, at: parts.clock.now())))
    }
}
