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
/// It decides nothing itself: ``RoundPolicy`` and ``RoundMachine`` say what is to be done, ``UpdateAdmission`` what is
/// taken, ``VersionMaking`` what comes out. Everything that matters is in the store before it is said to anybody, so a
/// coordinator that was killed goes on where the store says it was.
public actor FleetCoordinator: Service {
    public nonisolated let settings: FleetSettings
    let store: any FleetStore
    let bus: any MessageBus
    let topics: TopicScheme
    let key: SigningKey
    let trusted: TrustedAgents
    let clock: WallClock
    let logger: Logger
    let admission: UpdateAdmission
    let making: VersionMaking
    let startedAt: Timestamp
    public nonisolated let counters = FleetCounters()

    var generator: any RandomNumberGenerator & Sendable
    var agents: [AgentID: AgentRecord] = [:]
    var contracts: [CohortID: SignalContract] = [:]
    var releases: [CohortID: ReleaseManifest] = [:]
    /// What agents that have found their lineage are to run.
    var ordered: [AgentID: ModelVersion] = [:]
    var blockers: [CohortID: String] = [:]
    /// Rollouts that are started and not over.
    var rollouts: [Int: RolloutMachine] = [:]
    /// The newest version of each cohort that the release policy has looked at.
    var considered: [CohortID: ModelVersion] = [:]
    var inbox = UpdateInbox()
    var repairs = ChunkRepairs()
    /// Agents whose record has changed since it was last written.
    var unsaved: Set<AgentID> = []
    /// Audit rows written on each agent's account in the present minute.
    var admissions: [AgentID: Int] = [:]
    var admissionsSince: Timestamp
    /// Models whose chunks have been sent to all since the coordinator started.
    var broadcasted: Set<Digest> = []
    /// Agents whose events have been stored since the last acknowledgement.
    var unacknowledged: Set<AgentID> = []
    var isConnected = false
    private var lastRetention: Timestamp
    /// When releases were last said again because their time runs out.
    var renewedAt: Timestamp

    private nonisolated let executor = QueueExecutor(label: "linnet.fleet")
    private nonisolated let inbound: AsyncStream<Inbound>
    private nonisolated let inboundContinuation: AsyncStream<Inbound>.Continuation
    private nonisolated let outbound: AsyncStream<Message>
    private nonisolated let outboundContinuation: AsyncStream<Message>.Continuation
    private nonisolated let shares: AsyncStream<ModelShare>
    private nonisolated let sharesContinuation: AsyncStream<ModelShare>.Continuation
    private nonisolated let inboundBytes = Mutex(0)
    private nonisolated let isAttached = Mutex(false)

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// What the bus's thread hands on.
    enum Inbound: Sendable {
        case message(Message)
        case stored(AgentID)
        case connection(ConnectionState)

        var bytes: Int {
            if case .message(let message) = self { message.payload.count + message.topic.utf8.count } else { 0 }
        }
    }

    /// Chunks of a model that are to be sent to all.
    struct ModelShare: Sendable {
        var digest: Digest
        var indices: [Int]
    }

    /// Messages that wait for the coordinator, and messages that wait for the broker, at most.
    static let maximumInbound = 65_536
    static let maximumOutbound = 65_536
    /// Bytes of messages that wait for the coordinator, at most.
    static let maximumInboundBytes = 128 * 1024 * 1024
    /// Requests for chunks that wait for the broker, at most; the chunks themselves are read when their turn comes.
    static let maximumShares = 1024
    static let maximumAgents = 100_000
    static let maximumCohorts = 1024
    static let maximumAuditRowsPerMinute = 60
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
        admission = UpdateAdmission(settings: settings)
        making = VersionMaking(settings: settings)
        startedAt = clock.now()
        lastRetention = startedAt
        renewedAt = startedAt
        admissionsSince = startedAt
        (inbound, inboundContinuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.maximumInbound))
        (outbound, outboundContinuation) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingOldest(Self.maximumOutbound))
        (shares, sharesContinuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.maximumShares))
    }

    /// Reads what is stored, subscribes unless that is done, and works until graceful shutdown.
    public func run() async throws {
        try restore()
        attach()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.publishOutbound() }
            group.addTask { await self.publishShares() }
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
            sharesContinuation.finish()
        }
        attempt("write what agents have said") { try self.saveAgents() }
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
        try restoreRollouts()
    }

    // MARK: - The bus's thread

    /// Subscribes, once. Call it before the bus runs: the broker may deliver what it has kept as soon as it is connected.
    public nonisolated func attach() {
        let isFirst = isAttached.withLock { isAttached in
            defer { isAttached = true }
            return !isAttached
        }
        if isFirst { listen() }
    }

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
        let bytes = item.bytes
        let fits = inboundBytes.withLock { waiting in
            guard waiting + bytes <= Self.maximumInboundBytes else { return false }
            waiting += bytes
            return true
        }
        guard fits else { return counters.count(.messagesDropped) }
        if case .dropped = inboundContinuation.yield(item) {
            inboundBytes.withLock { $0 -= bytes }
            counters.count(.messagesDropped)
        }
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

    /// Queues chunks of a model to be sent to all; those for whom they do not arrive ask again.
    func share(_ digest: Digest, _ indices: [Int]) {
        if case .dropped = sharesContinuation.yield(ModelShare(digest: digest, indices: indices)) {
            counters.count(.messagesDropped)
        }
    }

    /// Sends models beside everything else, so that a large one does not hold up acknowledgements and offers.
    private nonisolated func publishShares() async {
        for await share in shares {
            guard let file = await model(share.digest) else { continue }
            let plan = ChunkPlan(digest: share.digest, bytes: file.count, chunkBytes: settings.chunkBytes)
            for index in share.indices {
                guard let chunk = plan.chunk(index, of: file) else { continue }
                let topic = topics.text(.model(share.digest, index: index))
                do {
                    try await bus.publish(Message(topic: topic, payload: chunk, expirySeconds: 300))
                    counters.count(.chunksSent)
                } catch {
                    counters.count(.publishFailures)
                    if error == .notConnected { break }
                }
            }
        }
    }

    /// A model's file; `nil` if nobody has it.
    private func model(_ digest: Digest) -> Data? {
        var file: Data?
        attempt("read a model") { file = try self.store.file(of: digest) ?? self.controlFile(digest) }
        return file
    }

    // MARK: - Events

    private func handle(_ item: Inbound) {
        inboundBytes.withLock { $0 -= item.bytes }
        switch item {
        case .connection(.connected):
            isConnected = true
            announceEverything()
        case .connection(.disconnected): isConnected = false
        case .stored(let agent): unacknowledged.insert(agent)
        case .message(let message): attempt("handle a message") { try self.receive(message) }
        }
    }

    /// Looks at the time: moves rounds and rollouts on, opens new ones, acknowledges, repairs, and clears out.
    func tick() {
        attempt("write what agents have said") { try self.saveAgents() }
        moveRounds()
        moveRollouts()
        renewReleases()
        acknowledgeStored()
        for (digest, indices) in repairs.take() { share(digest, indices) }
        let now = clock.now()
        if now.milliseconds(since: lastRetention).magnitude > 60_000 {
            lastRetention = now
            attempt("apply retention limits") {
                let removed = try self.store.retain(self.settings.retention)
                if removed > 0 { self.logger.info("retention", metadata: ["rows.removed": "\(removed)"]) }
            }
        }
    }

    private func saveAgents() throws {
        guard !unsaved.isEmpty else { return }
        try store.save(unsaved.sorted().compactMap { agents[$0] })
        unsaved = []
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
