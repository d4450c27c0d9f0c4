// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFederation
import LinnetFleet
import LinnetMessaging
import LinnetNN
import LinnetNumerics
import LinnetStore

/// A round in a coordinator's own file, with updates of a wished size.
struct StoredRound {
    let store: SQLiteFleetStore
    let round: Int
    let base: ModelVersion
    /// How many parameters the updates have: as near to the wished number as a network of two layers comes.
    let parameterCount: Int

    init(in directory: String, participants: Int, parameters: Int) throws {
        store = try SQLiteFleetStore(path: directory + "/coordinator.sqlite")
        let now = Timestamp(milliseconds: 1_767_225_600_000)
        let hidden = max(1, min(100, parameters / 16))
        let width = max(1, (parameters - hidden) / (2 * hidden + 1))
        let contract = SignalContract(
            channels: (0..<width).map { Channel(name: "c\($0)") }, intervalMilliseconds: 1000, windowLength: 1)
        let cohort = CohortID(of: contract)
        let audit = AuditEntry(row: 0, at: now, actor: "benchmark", action: "made", subject: "round", reason: "")
        _ = try store.addCohort(cohort, contract: contract, audit: audit)
        let architecture = NetworkArchitecture.denseAutoencoder(
            inputWidth: width, hidden: [hidden], activation: .relu)
        var model = ModelArtifact(
            architecture: architecture, parameters: try Network(architecture).initialParameters(seed: 1),
            scaler: ChannelScaler(
                means: [Double](repeating: 0, count: width), standardDeviations: [Double](repeating: 1, count: width)),
            windowLength: 1, falseAlarmsPerDay: 1)
        parameterCount = model.parameters.count
        base = ModelVersion(number: 1, digest: Digest(of: model.encoded()))
        let agents = try (0..<participants).map { try AgentID("agent-\($0)") }
        round = try store.open(
            Round(
                number: 0, cohort: cohort, kind: .training, base: nil, settings: ClientSettings(),
                participants: agents, goal: participants, quorum: 1, minimumWindows: 1, openedAt: now, deadline: now)
        ) { _ in audit }.number
        var generator = SeededGenerator(seed: 1)
        let noise = (0..<1_000_003).map { _ in Float(generator.gaussian()) }
        for (number, agent) in agents.enumerated() {
            let offset = Int(generator.uniform() * 1_000_000)
            for i in 0..<parameterCount { model.parameters[i] = noise[(offset + i) % noise.count] }
            let body = model.encoded()
            let header = UpdateHeader(
                agent: agent, cohort: cohort, round: round, kind: .training, base: base, windows: 100 + number,
                lossBefore: 2, lossAfter: 1, plan: ChunkPlan(of: body, chunkBytes: 65_536), sequence: 1, at: now)
            try store.accept(UpdateRecord(header: header, body: body, receivedAt: now), audit: audit)
        }
    }

    /// The updates as the coordinator reads them.
    func updates() throws -> StoredUpdates {
        StoredUpdates(try store.updateHeaders(of: round), of: round, base: base, in: store)
    }
}
