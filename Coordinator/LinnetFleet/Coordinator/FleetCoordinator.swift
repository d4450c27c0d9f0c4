// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFederation
import LinnetMessaging
import Logging
import ServiceLifecycle
import Synchronization

/// Runs the fleet: hears agents, opens and closes rounds, makes and releases versions.
///
/// It decides nothing itself: ``RoundPolicy`` and ``RoundMachine`` say what is to be done, ``UpdateScreening`` what is
/// taken, ``VersionMaking`` what comes out. Everything that matters is in the store before it is said to anybody, so a
/// coordinator that was killed goes on where the store says it was.
public actor FleetCoordinator: Service {
    let settings: FleetSettings
    let store: any FleetStore
    let bus: any MessageBus
    let topics: TopicScheme
    let key: SigningKey
    let trusted: TrustedAgents
    let clock: WallClock
    let logger: Logger
    let screening: UpdateScreening
    let making: VersionMaking
    let startedAt: Timestamp
    public nonisolated let counters = FleetCounters()

    var generator: any RandomNumberGenerator & Sendable
    var agents: [AgentID: AgentRecord] = [:]
    var contracts: [CohortID: SignalContract] = [:]
    var releases: [CohortID: ReleaseManifest] = [:]
    var blockers: [CohortID: String] = [:]
    var inbox = UpdateInbox()
    var repairs = ChunkRepairs()
    /// Agents whose events have been stored since the last acknowledgement.
    var unacknowledged: Set<AgentID> = []
    var isConnected = false
    private var lastRetention: Timestamp

    private nonisolated let executor = QueueExecutor(label: "linnet.fleet")
    private nonisolated let inbound: AsyncStream<Inbound>
    private nonisolated let inboundContinuation: AsyncStream<Inbound>.Continuation
    private nonisolated let outbound: AsyncStream<Message>
    private nonisolated let outboundContinuation: AsyncStream<Message>.Continuation

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// What the bus's thread hands on.
    enum Inbound: Sendable {
        case message(Message)
        case stored(AgentID)
        case connection(ConnectionState)
    }

    /// Messages that wait for the coordinator, and messages that wait for the broker, at most.
    static let maximumInbound = 65_536
    static let maximumOutbound = 65_536
    /// How often time is looked at.
    static let tickMilliseconds = 200

    public init(
        settings: FleetSettings, store: any FleetStore, bus: any MessageBus, topics: TopicScheme, key: SigningKey,
        trusted: TrustedAgents, clock: WallClock = .system,
        generator: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(), logger: Logger
    ) {
        self.settings = settings
        self.store = store
        self.bus = bus
        self.topics = topics
        self.key = key
        self.trusted = trusted
        self.clock = clock
        self.generator = generator
        self.logger = logger
        screening = UpdateScreening(maximumNorm: settings.maximumUpdateNorm)
        making = VersionMaking(settings: settings)
        startedAt = clock.now()
        lastRetention = startedAt
        (inbound, inboundContinuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.maximumInbound))
        (outbound, outboundContinuation) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingOldest(Self.maximumOutbound))
    }

    /// Reads what is stored, subscribes, and works until graceful shutdown.
    public func run() async throws {
        try restore()
        listen()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.publishOutbound() }
            group.addTask { for await item in self.inbound { await self.handle(item) } }
            group.addTask {
                while !Task.isCancelled {
                    await self.tick()
                    try? await Task.sleep(for: .milliseconds(Self.tickMilliseconds))  // ends early when cancelled
                }
            }
            await withGracefulShutdownHandler {
                await group.next()
            } onGracefulShutdown: {
                self.inboundContinuation.finish()
            }
            group.cancelAll()
            outboundContinuation.finish()
        }
    }

    private func restore() throws {
        for agent in try store.agents() {
            // Who is there will say so; until then nobody is taken to be.
            var agent = agent
            agent.isOnline = false
            agents[agent.id] = agent
        }
        contracts = try store.cohorts()
        for release in try store.releases() { releases[release.cohort] = release }
    }

    // MARK: - The bus's thread

    /// Subscribes to all that agents say. Events are committed on the bus's own thread, before the broker gets its
    /// acknowledgement; everything else is handed on through a bounded queue.
    private nonisolated func listen() {
        let ingest = EventIngest(store: store, clock: clock)
        let probe = EchoProbe(filters: topics.fromAgents)
        for filter in topics.fromAgents {
            bus.subscribe(to: filter) { [self] message in
                if probe.receive(message) { return }
                guard case .anomaly(let agent, let device)? = topics.parse(message.topic) else {
                    return enqueue(.message(message))
                }
                do {
                    let outcome = try ingest.take(message.payload, agent: agent, device: device)
                    counters.count(outcome == .stored ? .eventsStored : .eventsDuplicate)
                    enqueue(.stored(agent))
                } catch let error as IngestError {
                    counters.count(.messagesMalformed)
                    logger.notice(
                        "anomaly event refused", metadata: ["agent": "\(agent)", "reason": "\(error)"])
                } catch {
                    // Not stored, so not acknowledged: the agent keeps it and sends it again.
                    counters.count(.storeFailures)
                    logger.error("anomaly event not stored", metadata: ["agent": "\(agent)", "reason": "\(error)"])
                }
            }
        }
        bus.observeConnection { [self] state in
            enqueue(.connection(state))
            guard state == .connected else { return }
            Task { await self.audit(probe) }  // bridges from the bus's thread; ends by itself within seconds
        }
    }

    private nonisolated func enqueue(_ item: Inbound) {
        if case .dropped = inboundContinuation.yield(item) { counters.count(.messagesDropped) }
    }

    /// Finds subscriptions that the broker's access rules keep silent.
    private nonisolated func audit(_ probe: EchoProbe) async {
        // A probe that fails to go out stays silent, and is told as such.
        for message in probe.messages { try? await bus.publish(message) }
        try? await Task.sleep(for: .seconds(5))
        for filter in probe.silent {
            logger.error(
                "nothing comes back on a topic the coordinator needs: check the broker's access rules",
                metadata: ["filter": "\(filter)"])
        }
    }

    // MARK: - Outbound

    /// Queues a message for the broker; one that can not be sent is dropped, for everything that matters is announced
    /// again after the next connect.
    func send(_ message: Message) {
        if case .dropped = outboundContinuation.yield(message) { counters.count(.messagesDropped) }
    }

    private nonisolated func publishOutbound() async {
        for await message in outbound {
            do { try await bus.publish(message) } catch {
                counters.count(.publishFailures)
                logger.debug("message not sent", metadata: ["topic": "\(message.topic)", "reason": "\(error)"])
            }
        }
    }

    // MARK: - Events

    private func handle(_ item: Inbound) {
        switch item {
        case .connection(.connected):
            isConnected = true
            announceEverything()
        case .connection(.disconnected): isConnected = false
        case .stored(let agent): unacknowledged.insert(agent)
        case .message(let message): attempt("handle a message") { try self.receive(message) }
        }
    }

    /// Looks at the time: moves rounds on, opens new ones, acknowledges, repairs, and clears out.
    func tick() {
        attempt("move rounds on") { try self.moveRounds() }
        acknowledgeStored()
        for (digest, indices) in repairs.take() { broadcast(digest, indices) }
        let now = clock.now()
        if now.milliseconds(since: lastRetention).magnitude > 60_000 {
            lastRetention = now
            attempt("apply retention limits") {
                let removed = try self.store.retain(self.settings.retention)
                if removed > 0 { self.logger.info("retention", metadata: ["rows.removed": "\(removed)"]) }
            }
        }
    }

    /// Carries on after a failure of the store: what was not committed is done again at the next tick or message.
    func attempt(_ what: String, _ body: () throws -> Void) {
        do { try body() } catch {
            counters.count(.storeFailures)
            logger.error("could not \(what)", metadata: ["reason": "\(error)"])
        }
    }

    func entry(_ action: String, _ subject: String, _ reason: String = "", by actor: String = "coordinator")
        -> AuditEntry
    {
        AuditEntry(row: 0, at: clock.now(), actor: actor, action: action, subject: subject, reason: reason)
    }
}
