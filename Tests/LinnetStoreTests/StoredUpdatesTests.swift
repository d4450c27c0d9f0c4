// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFederation
import LinnetFleet
import LinnetMessaging
import LinnetNN
import LinnetNumerics
import LinnetStore
import LinnetTestKit
import Testing

@Suite("A round's updates, read from the file")
struct StoredUpdatesTests {
    private let folder: TemporaryDirectory
    private let store: SQLiteFleetStore
    private let now = Timestamp(milliseconds: 1_767_225_600_000)
    private let base = ModelVersion(number: 4, digest: Digest(of: Data("base".utf8)))
    private let round: Int
    private let contributions: [Contribution]

    /// A round with eleven updates, two of them from the version before.
    init() throws {
        folder = try TemporaryDirectory()
        store = try SQLiteFleetStore(path: folder.path("coordinator.sqlite"))
        let contract = ScriptedAgent.contract
        let cohort = ScriptedAgent.cohort
        let audit = AuditEntry(row: 0, at: now, actor: "test", action: "test", subject: "test", reason: "")
        _ = try store.addCohort(cohort, contract: contract, audit: audit)
        let architecture = NetworkArchitecture.denseAutoencoder(inputWidth: 4, hidden: [3], activation: .tanh)
        let network = try Network(architecture)
        var contributions: [Contribution] = []
        for number in 0..<11 {
            contributions.append(
                Contribution(
                    agent: try AgentID("agent-\(number)"),
                    parameters: network.initialParameters(seed: UInt64(number)), windows: 100 + number))
        }
        self.contributions = contributions
        let opened = try store.open(
            Round(
                number: 0, cohort: cohort, kind: .training, base: nil, settings: ClientSettings(),
                participants: contributions.map(\.agent), goal: 11, quorum: 1, minimumWindows: 1, openedAt: now,
                deadline: now)
        ) { _ in audit }
        round = opened.number
        let older = ModelVersion(number: 3, digest: Digest(of: Data("older".utf8)))
        for (number, contribution) in contributions.enumerated() {
            let body = ModelArtifact(
                architecture: architecture, parameters: contribution.parameters,
                scaler: ChannelScaler(means: [0, 0], standardDeviations: [1, 1]), windowLength: 2, falseAlarmsPerDay: 1
            ).encoded()
            let header = UpdateHeader(
                agent: contribution.agent, cohort: cohort, round: opened.number, kind: .training,
                base: number < 2 ? older : base, windows: contribution.windows, lossBefore: 2, lossAfter: 1,
                plan: ChunkPlan(of: body, chunkBytes: 4096), sequence: 1, at: now)
            try store.accept(UpdateRecord(header: header, body: body, receivedAt: now), audit: audit)
        }
    }

    @Test(
        "give every rule the bits that the same updates in memory give, from memory and from a file",
        arguments: [0, 64 * 1024 * 1024])
    func sameBits(memoryLimit: Int) throws {
        let rules: [any AggregationStrategy] = [
            FederatedAveraging(maximumWeight: 1000), NormClipping(FederatedAveraging(maximumWeight: 1000), factor: 1),
            CoordinateMedian(), TrimmedMean(), GeometricMedian(), Krum(maximumMalicious: 2),
            MultiKrum(maximumMalicious: 2), Bulyan(maximumMalicious: 2), RobustAggregation(),
            NearestNeighbourMixing(GeometricMedian(), maximumMalicious: 2),
        ]
        let origin = ParameterVector(repeating: 0.1, count: contributions[0].parameters.count)
        for rule in rules {
            let stored = StoredUpdates(
                try store.updateHeaders(of: round), of: round, base: base, in: store, memoryLimit: memoryLimit)

            let result = try rule.aggregate(stored, onto: origin)

            #expect(result == (try rule.aggregate(contributions, onto: origin)), "\(rule.name)")
            #expect(stored.storeFailure == nil)
        }
        // The file has no name, so nothing of it is left to be cleared away.
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(left.allSatisfy { $0.hasPrefix("coordinator.sqlite") })
    }

    @Test("say in agent order who sent them and how stale they are")
    func contributors() throws {
        let stored = StoredUpdates(try store.updateHeaders(of: round).reversed(), of: round, base: base, in: store)

        #expect(stored.contributors.map(\.agent) == contributions.map(\.agent).sorted())
        #expect(stored.contributors.filter { $0.staleness == 1 }.map(\.agent.rawValue) == ["agent-0", "agent-1"])
        #expect(stored.contributors.count { $0.staleness == 0 } == 9)
    }

    @Test("that are gone are named, and a disk that fails is told apart from that")
    func unreadable() throws {
        let headers = try store.updateHeaders(of: round)
        let origin = ParameterVector(repeating: 0, count: contributions[0].parameters.count)
        let gone = StoredUpdates(headers, of: 99, base: base, in: store)
        #expect(
            throws: AggregationError.unreadable(agent: headers[0].agent, reason: "it is not stored any more")
        ) { try FederatedAveraging(maximumWeight: 9).aggregate(gone, onto: origin) }
        #expect(gone.storeFailure == nil)

        let failing = StoredUpdates(headers, of: round, base: base, in: store, memoryLimit: 0)
        try FileManager.default.removeItem(atPath: folder.path)
        #expect(throws: AggregationError.self) { try CoordinateMedian().aggregate(failing, onto: origin) }
        #expect("\(try #require(failing.storeFailure))".contains("no file can be made in \(folder.path)"))
    }
}
