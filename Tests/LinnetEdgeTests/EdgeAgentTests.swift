// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import LinnetConfiguration
import LinnetDetection
import LinnetDomain
import LinnetEdge
import LinnetMessaging
import LinnetNN
import LinnetTestKit
import Testing

@Suite("The agent, from a recording to the bus")
struct EdgeAgentTests {
    private let coordinator = SigningKey()
    private let bus = InMemoryBus()
    private let topics = TopicScheme()
    private let directory: TemporaryDirectory
    private let configuration: EdgeConfiguration

    /// A recording at 100 rows a second, in which the machine runs hot from its sixth second on, for a second.
    init() throws {
        directory = try TemporaryDirectory()
        try directory.write(Self.recording, to: "pump.csv")
        // Again and again: on a slow machine the first model may come after the first fault.
        let settings = CSVReplaySettings(path: directory.path("pump.csv"), speed: 100, loops: true)
        var configuration = Fixtures.configuration(
            directory,
            coordinator: CoordinatorConfiguration(
                publicKey: coordinator.verifyingKey, broker: BrokerConfiguration(host: "127.0.0.1", port: 1)))
        configuration.devices = [DeviceConfiguration(id: Fixtures.device, source: .csv(settings))]
        self.configuration = configuration
    }

    private static let rows = (0..<3000).map { Fixtures.sample($0, isFaulty: (600..<700).contains($0)).values }
    private static var recording: String {
        (["speed,current,heat"] + rows.map { row in row.map { "\($0)" }.joined(separator: ",") })
            .joined(separator: "\n")
    }

    private func agent() throws -> EdgeAgent {
        var generator = SystemRandomNumberGenerator()
        let session = AgentSession(agent: Fixtures.agent, at: .now(), using: &generator)
        return try EdgeAgent(configuration: configuration, session: session, bus: bus, logger: Fixtures.quiet)
    }

    private func count(_ table: String) throws -> Int {
        var settings = Configuration()
        settings.readonly = true
        settings.busyMode = .timeout(5)
        return try DatabaseQueue(path: directory.path("agent.sqlite"), configuration: settings).read { db in
            try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0
        }
    }

    private func published<Value: Decodable>(_ type: Value.Type, on topic: Topic) throws -> [Value] {
        try bus.published.filter { $0.topic == topics.text(topic) && !$0.payload.isEmpty }
            .map { try Wire.decode(type, from: $0.payload) }
    }

    private func offer(_ round: Int, of cohort: CohortID, base: Data? = nil) throws {
        let plan = base.map { ChunkPlan(of: $0, chunkBytes: 65_536) }
        let now = Timestamp.now()
        let offer = RoundOffer(
            cohort: cohort, round: round, kind: base == nil ? .statistics : .training, isOpen: true,
            base: plan.map { ModelReference(version: ModelVersion(number: 1, digest: $0.digest), plan: $0) },
            settings: ClientSettings(epochs: 2), participants: [Fixtures.agent], openedAt: now,
            deadline: now.adding(milliseconds: 60_000))
        let envelope = try SignedEnvelope(sealing: offer, with: coordinator)
        try bus.deliver(topics.message(.round(cohort), payload: try envelope.encoded()))
    }

    @Test(
        """
        L-1 L-3 without a coordinator it learns, finds the fault and keeps the event; with one it hands that over and \
        trains, and no sample of the device is in anything that it says
        """)
    func wholeWay() async throws {
        bus.setConnected(false)
        let agent = try agent()
        let running = Task { try await agent.run() }
        let isKept = await eventually { (try? count("outbox")) ?? 0 > 0 }
        #expect(isKept, "no event in the outbox")
        #expect(bus.published.isEmpty)

        bus.setConnected(true)
        let topic = Topic.anomaly(Fixtures.agent, Fixtures.device)
        let hasSpoken = await eventually { said(topic) && said(.state(Fixtures.agent)) }
        #expect(hasSpoken)
        let message = try #require(try published(AnomalyMessage.self, on: topic).last)
        #expect(message.event.contributions.first?.channel == "heat")
        #expect(message.event.model.isLocal)

        let state = try #require(try published(AgentState.self, on: .state(Fixtures.agent)).last)
        let through = Acknowledgement(through: message.sequence, echo: state.echo, receipts: [], at: .now())
        try bus.deliver(topics.message(.acknowledgement(Fixtures.agent), payload: try Wire.encode(through)))
        let isGone = await eventually { (try? count("outbox WHERE sequence <= \(message.sequence)")) == 0 }
        #expect(isGone, "an acknowledged event stays in the outbox")

        // Under alarm it would sit the rounds out.
        let isCalm = await eventually {
            guard let last = try? published(AgentState.self, on: .state(Fixtures.agent)).last else { return false }
            return last.sitsOut == nil
        }
        #expect(isCalm, "the alarm goes on")
        try offer(1, of: state.cohort)
        #expect(await eventually { said(.update(Fixtures.agent, round: 1, part: 1)) })
        let base = try Fixtures.trained().model.bytes
        try offer(2, of: state.cohort, base: base)
        #expect(await eventually { said(.get(Fixtures.agent)) })
        let plan = ChunkPlan(of: base, chunkBytes: 65_536)
        let chunk = try #require(plan.chunk(0, of: base))
        try bus.deliver(topics.message(.model(plan.digest, index: 0), payload: chunk))
        #expect(await eventually { said(.update(Fixtures.agent, round: 2, part: 1)) })
        running.cancel()
        _ = await running.result

        expectNoSample(in: bus.published.filter { $0.topic.hasPrefix("linnet/v1/up/") })
    }

    @Test(
        """
        a staged order is tried beside the active model, confirmed beside the one before, and taken back at once by a \
        newer release; an order for another agent is refused
        """)
    func stagedOrder() async throws {
        let agent = try agent()
        let running = Task { try await agent.run() }
        let files = try (1...2).map { try Fixtures.trained(provenance: ["version": "\($0)"]).model.bytes }
        #expect(await eventually { (try? count("model")) ?? 0 > 0 })
        let cohort = try #require(try published(AgentState.self, on: .state(Fixtures.agent)).last).cohort
        let first = Fixtures.manifest(release: 1, bytes: files[0], cohort: cohort)
        try bus.deliver(try sealed(first, on: .release(first.cohort)))
        try await deliver(files[0])
        #expect(try await isReported(.confirmed, release: 1))

        let second = Fixtures.manifest(release: 2, bytes: files[1], cohort: cohort)
        let order = DesiredVersion(agent: Fixtures.agent, rollout: 1, manifest: second)
        let foreign = DesiredVersion(
            agent: AgentID(checked: "press-2"), rollout: 1,
            manifest: Fixtures.manifest(release: 3, bytes: files[0], cohort: cohort))
        try bus.deliver(try sealed(foreign, on: .desired(Fixtures.agent)))
        try bus.deliver(try sealed(order, on: .desired(Fixtures.agent)))
        try await deliver(files[1])
        #expect(try await isReported(.confirmed, release: 2))
        let tried = try #require(try reports(2).last { $0.state == .activated })
        #expect(tried.evidence["shadow.windows"] ?? 0 >= 5 && tried.evidence["selfTest.spike"] != nil)
        #expect(tried.evidence["shadow.candidateErrorMedian"] ?? 0 > 0)
        #expect(tried.evidence["shadow.candidateMicroseconds"] ?? 0 > 0)
        #expect(try reports(2).last?.evidence["probation.windows"] == Double(Probation.windows))

        let revert = Fixtures.manifest(
            release: 4, number: 1, bytes: files[0], cohort: cohort, reverts: second.model.version.digest)
        try bus.deliver(try sealed(revert, on: .release(revert.cohort)))
        #expect(try await isReported(.confirmed, release: 4))
        #expect(
            try reports(4).map(\.state) == [.activated, .confirmed], "nothing is downloaded or tried again to go back")
        #expect(
            await eventually {
                let state = try? published(AgentState.self, on: .state(Fixtures.agent)).last
                return state?.active == first.model.version && state?.confirmed == 4
            })
        running.cancel()
        _ = await running.result
    }

    @Test(
        "in a cohort with lineages it takes what its own lineage is ordered, and passes over the cohort's release of another"
    )
    func lineage() async throws {
        let agent = try agent()
        let running = Task { try await agent.run() }
        let files = try (1...3).map { try Fixtures.trained(provenance: ["version": "\($0)"]).model.bytes }
        #expect(await eventually { (try? count("model")) ?? 0 > 0 })
        let cohort = try #require(try published(AgentState.self, on: .state(Fixtures.agent)).last).cohort
        func manifest(_ release: Int, lineage: Int) -> ReleaseManifest {
            var manifest = Fixtures.manifest(release: release, bytes: files[release - 1], cohort: cohort)
            manifest.lineage = lineage
            return manifest
        }
        func order(_ release: Int, lineage: Int) throws {
            let order = DesiredVersion(
                agent: Fixtures.agent, rollout: 0, manifest: manifest(release, lineage: lineage))
            try bus.deliver(try sealed(order, on: .desired(Fixtures.agent)))
        }
        try order(1, lineage: 1)
        try await deliver(files[0])
        #expect(try await isReported(.confirmed, release: 1))

        // The broker hands out the first lineage's release, and later an order comes.
        try bus.deliver(try sealed(manifest(2, lineage: 0), on: .release(cohort)))
        try order(3, lineage: 1)
        try await deliver(files[2])
        #expect(try await isReported(.confirmed, release: 3))
        #expect(try reports(2).isEmpty)
        running.cancel()
        _ = await running.result
    }

    private func sealed(_ payload: some SignedPayload, on topic: Topic) throws -> Message {
        topics.message(topic, payload: try SignedEnvelope(sealing: payload, with: coordinator).encoded())
    }

    /// Sends a file's chunks once they are asked for.
    private func deliver(_ file: Data) async throws {
        let plan = ChunkPlan(of: file, chunkBytes: 1024)
        let isAsked = await eventually {
            (try? published(ChunkRequest.self, on: .get(Fixtures.agent)).contains { $0.digest == plan.digest }) == true
        }
        #expect(isAsked)
        for index in 0..<plan.count {
            try bus.deliver(topics.message(.model(plan.digest, index: index), payload: plan.chunk(index, of: file)!))
        }
    }

    private func reports(_ release: Int) throws -> [RolloutReport] {
        try published(RolloutReport.self, on: .rollout(Fixtures.agent, release: release))
    }

    private func isReported(_ state: RolloutState, release: Int) async throws -> Bool {
        await eventually { (try? reports(release).contains { $0.state == state }) == true }
    }

    private func said(_ topic: Topic) -> Bool { bus.published.contains { $0.topic == topics.text(topic) } }

    /// Looks for every reading, as text and as the four bytes of a float, in all that was said.
    private func expectNoSample(in messages: [Message]) {
        #expect(messages.count > 5)
        // The current is 12 point something with seven digits: long enough to stand nowhere by chance.
        let texts = Set(Self.rows.map { "\($0[1])" }.filter { $0.utf8.count >= 8 })
        let bytes = Set(Self.rows.map { $0[1].bitPattern })
        #expect(texts.count > 2000)
        for message in messages {
            let words = String(decoding: message.payload, as: UTF8.self)
                .split { !($0.isNumber || $0 == ".") }.map(String.init)
            #expect(texts.isDisjoint(with: words), "\(message.topic) says a reading")
            let payload = [UInt8](message.payload)
            let floats = payload.indices.dropLast(3).map { start in
                payload[start..<start + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            }
            #expect(bytes.isDisjoint(with: floats), "\(message.topic) holds a reading")
        }
    }
}
