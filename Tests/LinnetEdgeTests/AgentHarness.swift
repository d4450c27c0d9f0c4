// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetConfiguration
import LinnetDetection
import LinnetDomain
import LinnetEdge
import LinnetMessaging
import LinnetNN
import LinnetTestKit
import Testing

/// Tests of whole agents; one at a time, for each keeps a processor busy.
@Suite(.serialized)
struct LiveAgents {}

/// An agent whose machine runs hundreds of times as fast as a real one, and the coordinator's end of its bus.
///
/// It begins with a model that it has learned, so that the first release is already a switch.
final class AgentHarness {
    let bus = InMemoryBus()
    let topics = TopicScheme()
    let directory: TemporaryDirectory
    let coordinator = SigningKey()
    let cohort: CohortID
    /// The model that it has learned alone.
    let learned: ModelVersion
    var configuration: EdgeConfiguration
    private(set) var reaper = Reaper()
    private var running: Task<Void, any Error>?
    private var heard = 0

    private static let recording: String = {
        let rows = (0..<2000).map { Fixtures.sample($0).values }
        return (["speed,current,heat"] + rows.map { row in row.map { "\($0)" }.joined(separator: ",") })
            .joined(separator: "\n")
    }()

    /// What every agent of a test begins with: made once, for training takes a while.
    private static let model = Result { try Fixtures.trained(provenance: ["name": "learned"]).model }

    init() async throws {
        directory = try TemporaryDirectory()
        try directory.write(Self.recording, to: "pump.csv")
        let source = CSVReplaySettings(path: directory.path("pump.csv"), speed: 600, loops: true)
        configuration = Fixtures.configuration(
            directory,
            coordinator: CoordinatorConfiguration(
                publicKey: coordinator.verifyingKey, broker: BrokerConfiguration(host: "127.0.0.1", port: 1)))
        configuration.devices = [DeviceConfiguration(id: Fixtures.device, source: .csv(source))]
        let contract = try SourceFactory.live(.system).contract(of: configuration.devices, windowLength: 4)
        cohort = CohortID(of: contract)
        let model = try Self.model.get()
        learned = model.version
        let store = try Fixtures.store(directory)
        _ = try await store.adopt(contract, at: Fixtures.start)
        try await store.append(Fixtures.stored(Fixtures.windows(200)))
        try await store.activate(model, noting: HistoryEntry(at: Fixtures.start, .learned, model.version))
    }

    // MARK: - The agent

    /// A clock by which twenty times as much time passes: nothing is waited for by the agent's own patience.
    static let fast = AgentClock(wall: .system) { AgentClock.system.uptime() * 20 }

    /// Starts it, to be killed at a write about its models if `reaper` says so.
    func start(_ reaper: Reaper = Reaper(), clock: AgentClock = AgentHarness.fast) throws {
        self.reaper = reaper
        var generator = SystemRandomNumberGenerator()
        let session = AgentSession(agent: Fixtures.agent, at: .now(), using: &generator)
        let agent = try EdgeAgent(
            configuration: configuration, session: session, bus: MortalBus(bus: bus, reaper: reaper), clock: clock,
            logger: Fixtures.quiet)
        agent.observe(reaper)
        running = Task { try await agent.run() }
    }

    /// Stops it and waits for its end.
    func stop() async {
        running?.cancel()
        // How it ended is what the test looks for on the bus and on the disk.
        _ = await running?.result
        running = nil
    }

    // MARK: - What is said

    func publish(_ payload: some SignedPayload, on topic: Topic) throws {
        let bytes = try SignedEnvelope(sealing: payload, with: coordinator).encoded()
        try bus.deliver(topics.message(topic, payload: bytes))
    }

    func manifest(
        _ release: Int, _ file: Data, reverts: Digest? = nil, shadowWindows: Int = 3
    ) -> ReleaseManifest {
        var manifest = Fixtures.manifest(
            release: release, bytes: file, shadowWindows: shadowWindows, cohort: cohort, reverts: reverts)
        manifest.model.plan = Self.plan(of: file)
        return manifest
    }

    /// In enough chunks that some can be missing.
    static func plan(of file: Data) -> ChunkPlan { ChunkPlan(of: file, chunkBytes: 256) }

    func release(_ manifest: ReleaseManifest) throws { try publish(manifest, on: .release(cohort)) }

    func send(_ file: Data, _ indices: some Sequence<Int>) throws {
        let plan = Self.plan(of: file)
        for index in indices {
            guard let chunk = plan.chunk(index, of: file) else { continue }
            try bus.deliver(topics.message(.model(plan.digest, index: index), payload: chunk))
        }
    }

    /// Sends what the agent has asked for since this was last called, and every other chunk of what it begins with: some
    /// come with the broadcast, and some do not.
    func serve(_ files: [Data]) throws {
        let messages = bus.published
        defer { heard = bus.published.count }
        for message in messages.dropFirst(heard) {
            if message.topic == topics.text(.get(Fixtures.agent)) {
                let request = try Wire.decode(ChunkRequest.self, from: message.payload)
                for file in files where Digest(of: file) == request.digest { try send(file, request.indices) }
            } else if topics.parse(message.topic).map(isRollout) == true {
                let report = try Wire.decode(RolloutReport.self, from: message.payload)
                guard report.state == .downloading else { continue }
                for file in files where Digest(of: file) == report.version.digest {
                    try send(file, stride(from: 0, to: Self.plan(of: file).count, by: 2))
                }
            }
        }
    }

    private func isRollout(_ topic: Topic) -> Bool {
        if case .rollout = topic { true } else { false }
    }

    // MARK: - What is heard

    private func published<Value: Decodable>(_ type: Value.Type, on topic: Topic) throws -> [Value] {
        try bus.published.filter { $0.topic == topics.text(topic) && !$0.payload.isEmpty }
            .map { try Wire.decode(type, from: $0.payload) }
    }

    func reports(_ release: Int) throws -> [RolloutReport] {
        try published(RolloutReport.self, on: .rollout(Fixtures.agent, release: release))
    }

    func requests() throws -> [ChunkRequest] { try published(ChunkRequest.self, on: .get(Fixtures.agent)) }

    func states() throws -> [AgentState] { try published(AgentState.self, on: .state(Fixtures.agent)) }

    /// Waits until the agent has reported a release as this.
    func hasReported(
        _ state: RolloutState, _ release: Int, within timeout: Duration = .seconds(60)
    ) async throws -> RolloutReport? {
        _ = await eventually(timeout: timeout) { (try? reports(release).contains { $0.state == state }) == true }
        return try reports(release).last { $0.state == state }
    }

    /// The agent's file, opened while it is stopped.
    func store() throws -> EdgeStore { try Fixtures.store(directory) }
}
