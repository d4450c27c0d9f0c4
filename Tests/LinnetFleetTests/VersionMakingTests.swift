// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFederation
import LinnetFleet
import LinnetMessaging
import LinnetNN
import LinnetNumerics
import Testing

@Suite("From updates to a version")
struct VersionMakingTests {
    private let making = VersionMaking(settings: FleetSettings(model: .dense([3])))
    private let contract = SignalContract(
        channels: [Channel(name: "flow"), Channel(name: "pressure")], intervalMilliseconds: 1000, windowLength: 4)
    private let now = Timestamp(milliseconds: 1_767_225_600_000)

    private func round(_ number: Int, base: ModelReference? = nil, quorum: Int = 2) -> Round {
        Round(
            number: number, cohort: CohortID(of: contract), kind: base == nil ? .statistics : .training, base: base,
            settings: ClientSettings(), participants: [], goal: 10, quorum: quorum, minimumWindows: 1, openedAt: now,
            deadline: now)
    }

    private func update(
        _ agent: String, body: Data, round: Round, windows: Int = 100, before: Double? = 2, after: Double? = 1
    ) throws -> UpdateRecord {
        UpdateRecord(
            header: UpdateHeader(
                agent: try AgentID(agent), cohort: round.cohort, round: round.number, kind: round.kind,
                base: round.base?.version, windows: windows, lossBefore: before, lossAfter: after,
                plan: ChunkPlan(of: body, chunkBytes: 4096), sequence: 1, at: now),
            body: body, receivedAt: now)
    }

    private func statistics(_ agent: String, spread: Double, round: Round) throws -> UpdateRecord {
        var moments = ChannelMoments()
        for value in 0..<100 { moments.add((Double(value % 2) - 0.5) * spread * 2) }
        return try update(
            agent, body: try Wire.encode(StatisticsBody(channels: [moments, moments])), round: round, before: nil,
            after: nil)
    }

    private func first() throws -> VersionRecord {
        let round = round(1)
        return try making.first(
            of: round, contract: contract,
            updates: [try statistics("a", spread: 1, round: round), try statistics("b", spread: 1, round: round)],
            at: now)
    }

    private func reference(_ version: VersionRecord) -> ModelReference {
        ModelReference(version: version.version, plan: ChunkPlan(of: version.file, chunkBytes: 4096))
    }

    private func trained(_ base: VersionRecord, moved: Float) throws -> Data {
        var model = try ModelArtifact(parsing: base.file)
        for index in 0..<model.parameters.count { model.parameters[index] += moved }
        return model.encoded()
    }

    @Test("version 1 has the pooled scaler, the contract's window and weights that depend on the cohort only")
    func versionOne() throws {
        let version = try first()
        let model = try ModelArtifact(parsing: version.file)

        #expect(version.version.number == 1 && version.parent == nil && version.lossAfter == nil)
        #expect(version.version.digest == Digest(of: version.file))
        #expect(model.windowLength == 4 && model.architecture.inputWidth == 8)
        #expect(
            model.scaler.center.allSatisfy { abs($0) < 1e-6 } && model.scaler.scale.allSatisfy { abs($0 - 1) < 1e-6 })
        #expect(model.provenance["round"] == "1" && model.provenance["cohort"] == "\(CohortID(of: contract))")
        #expect(try first() == version)
    }

    @Test("where three agents tell their scores, a version says what a new device's threshold is to start from")
    func thresholdPrior() throws {
        let base = try first()
        let round = round(2, base: reference(base))
        func version(_ tellers: Int) throws -> ModelArtifact {
            let updates = try (1...4).map { number in
                var update = try update("\(number)", body: try trained(base, moved: 0.01), round: round)
                var scores = QuantileSketch()
                scores.add((1...50).map { Double($0 * number) / 100 })
                if number <= tellers { update.header.scores = scores }
                return update
            }
            let made = try making.next(of: round, base: reference(base), baseFile: base.file, updates: updates, at: now)
            return try ModelArtifact(parsing: made.file)
        }

        let told = try #require(try version(4).provenance[ThresholdPrior.provenanceKey])
        let prior = try #require(ThresholdPrior(parsing: told))
        #expect(prior.agents == 4 && prior.windows == 200 && prior.start > 0.5 && prior.start < 2)
        #expect(try version(2).provenance[ThresholdPrior.provenanceKey] == nil)
    }

    @Test("a robust scaler is made of everybody's distributions, and where one sends none, of the moments")
    func robustScaler() throws {
        let robust = VersionMaking(settings: FleetSettings(model: .dense([3]), scaling: .robust))
        let round = round(1)
        var moments = ChannelMoments()
        var sketch = QuantileSketch()
        let values = (0..<1000).map { $0 % 10 == 0 ? 500 : Double($0 % 7) }
        for value in values { moments.add(value) }
        sketch.add(values)
        func version(sketches: [QuantileSketch]?) throws -> ModelArtifact {
            let with = StatisticsBody(channels: [moments, moments], sketches: [sketch, sketch])
            let other = StatisticsBody(channels: [moments, moments], sketches: sketches)
            let updates = [
                try update("a", body: try Wire.encode(with), round: round, before: nil, after: nil),
                try update("b", body: try Wire.encode(other), round: round, before: nil, after: nil),
            ]
            return try ModelArtifact(
                parsing: try robust.first(of: round, contract: contract, updates: updates, at: now).file)
        }

        let pooled = try version(sketches: [sketch, sketch])
        let mixed = try version(sketches: nil)

        #expect(pooled.provenance["rule"] == "pooled quantiles")
        #expect(pooled.scaler.center.allSatisfy { (2...4).contains($0) })
        #expect(pooled.scaler.scale.allSatisfy { (1...4).contains($0) })
        #expect(mixed.provenance["rule"] == "pooled statistics")
        #expect(mixed.scaler.scale.allSatisfy { $0 > 100 })
    }

    @Test("the next version is the same, bit by bit, in whatever order updates came")
    func order() throws {
        let base = try first()
        let round = round(2, base: reference(base))
        var updates: [UpdateRecord] = []
        for (number, name) in ["c", "a", "b"].enumerated() {
            updates.append(
                try update(
                    name, body: try trained(base, moved: Float(number + 1) * 0.013), round: round,
                    windows: 50 * (number + 1)))
        }

        let one = try making.next(
            of: round, base: reference(base), baseFile: base.file, updates: updates, at: now)
        let other = try making.next(
            of: round, base: reference(base), baseFile: base.file, updates: updates.reversed(), at: now)

        #expect(one == other)
        #expect(one.version.number == 2 && one.parent == base.version.digest)
        #expect(one.participants.map(\.rawValue) == ["a", "b", "c"])
    }

    @Test("losses are averaged by windows, over those who report any")
    func losses() throws {
        let base = try first()
        let round = round(2, base: reference(base))
        let body = try trained(base, moved: 0.1)
        let version = try making.next(
            of: round, base: reference(base), baseFile: base.file,
            updates: [
                try update("a", body: body, round: round, windows: 100, before: 4, after: 2),
                try update("b", body: body, round: round, windows: 300, before: 8, after: 1),
                try update("c", body: body, round: round, windows: 9000, before: nil, after: nil),
            ], at: now)

        #expect(version.lossBefore == 7 && version.lossAfter == 1.25)
    }

    @Test("what can not become a version says why")
    func failures() throws {
        let base = try first()
        let training = round(2, base: reference(base))
        func reason(_ body: () throws -> VersionRecord) -> String {
            do {
                _ = try body()
                return "none"
            } catch {
                return "\(error)"
            }
        }

        #expect(
            reason {
                try making.next(of: training, base: reference(base), baseFile: nil, updates: [], at: now)
            } == "the base \(base.version.digest.short) is no longer stored")
        #expect(
            reason {
                try making.next(of: training, base: reference(base), baseFile: base.file, updates: [], at: now)
            } == "there is no contribution to aggregate")
        let statisticsRound = round(1)
        #expect(
            reason {
                try making.first(
                    of: statisticsRound, contract: contract,
                    updates: [try statistics("a", spread: 1, round: statisticsRound)], at: now)
            } == "1 agents contributed; at least 2 are needed")
        #expect(
            reason {
                try making.first(
                    of: statisticsRound, contract: contract,
                    updates: [try update("a", body: Data("{".utf8), round: statisticsRound)], at: now)
            }.hasPrefix("not a StatisticsBody"))
    }
}
