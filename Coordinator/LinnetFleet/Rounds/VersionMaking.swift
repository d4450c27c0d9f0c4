// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain
import LinnetFederation
import LinnetMessaging
import LinnetNN
import LinnetNumerics

/// Why a round's updates did not become a version.
public enum VersionMakingError: Error, CustomStringConvertible {
    case aggregation(AggregationError)
    case model(ModelArtifactError)
    case network(NetworkError)
    case wire(WireError)
    /// The base is no longer stored.
    case missingBase(Digest)
    /// What the strategy remembered is stored, and can not be read.
    case serverState(ServerStateError)
    /// What came out is not finite.
    case notFinite
    /// Every lineage was chosen by too few.
    case noLineage(quorum: Int)

    public var description: String {
        switch self {
        case .aggregation(let error): "\(error)"
        case .model(let error): "\(error)"
        case .network(let error): "\(error)"
        case .wire(let error): "\(error)"
        case .serverState(let error): "what the strategy remembered of the last round: \(error)"
        case .missingBase(let digest): "the base \(digest.short) is no longer stored"
        case .notFinite: "the aggregate is not finite"
        case .noLineage(let quorum): "no lineage was chosen by \(quorum) agents or more"
        }
    }
}

/// Makes the next version of a cohort out of a round's accepted updates: a pure function of what is stored, so that a
/// crash in the middle costs nothing but doing it again.
public struct VersionMaking: Sendable {
    public let settings: FleetSettings

    public init(settings: FleetSettings) { self.settings = settings }

    /// Version 1: a scaler from everybody's statistics, and weights drawn from a seed that is the cohort's own.
    public func first(
        of round: Round, contract: SignalContract, updates: [UpdateRecord], at now: Timestamp
    ) throws(VersionMakingError) -> VersionRecord {
        let (scaler, rule) = try scaler(from: updates, channelCount: contract.channels.count, quorum: round.quorum)
        let architecture: NetworkArchitecture
        let network: Network
        do throws(NetworkError) {
            architecture = try settings.model.architecture(
                length: contract.windowLength, channels: contract.channels.count)
            network = try Network(architecture)
        } catch {
            throw .network(error)
        }
        let artifact = ModelArtifact(
            architecture: architecture, parameters: network.initialParameters(seed: Self.seed(of: round.cohort)),
            scaler: scaler, windowLength: contract.windowLength, falseAlarmsPerDay: settings.falseAlarmsPerDay,
            provenance: provenance(round, number: 1, parent: nil, rule: rule))
        return try record(artifact, round: round, number: 1, parent: nil, headers: updates.map(\.header), at: now)
    }

    /// The scaler that a cohort's statistics come to, and how it was made.
    ///
    /// Where an agent sends no distributions, a robust scale is made of mean and deviation: a cohort has one scaler.
    private func scaler(
        from updates: [UpdateRecord], channelCount: Int, quorum: Int
    ) throws(VersionMakingError) -> (ChannelScaler, rule: String) {
        var bodies: [(agent: AgentID, body: StatisticsBody)] = []
        for update in updates {
            do throws(WireError) {
                let body = try Wire.decode(
                    StatisticsBody.self, from: update.body, limit: UpdateAdmission.maximumStatisticsBytes)
                bodies.append((update.header.agent, body))
            } catch {
                throw .wire(error)
            }
        }
        let sketched = bodies.compactMap { agent, body in
            body.sketches.map { (agent: agent, moments: body.channels, sketches: $0) }
        }
        do throws(AggregationError) {
            let moments = bodies.map { ($0.agent, $0.body.channels) }
            switch settings.scaling {
            case .robust where sketched.count == bodies.count:
                let (centers, spreads) = try ScalerAggregation.robustScaler(
                    from: sketched, channelCount: channelCount, minimumContributors: quorum)
                return (
                    ChannelScaler(means: centers, standardDeviations: spreads, rule: .robust), "pooled quantiles"
                )
            case .minMax:
                let (middles, halves) = try ScalerAggregation.rangeScaler(
                    from: moments, channelCount: channelCount, minimumContributors: quorum)
                return (ChannelScaler(means: middles, standardDeviations: halves, rule: .minMax), "pooled ranges")
            case .standard, .robust:
                let (means, deviations) = try ScalerAggregation.scaler(
                    from: moments, channelCount: channelCount, minimumContributors: quorum)
                return (
                    ChannelScaler(means: means, standardDeviations: deviations, rule: settings.scaling),
                    "pooled statistics"
                )
            }
        } catch {
            throw .aggregation(error)
        }
    }

    /// Version n + 1 of updates that are in memory, all of them trained from the base.
    public func next(
        of round: Round, base: ModelReference, baseFile: Data?, origins: [Int: Data] = [:], state: Data? = nil,
        updates: [UpdateRecord], at now: Timestamp
    ) throws(VersionMakingError) -> VersionRecord {
        var contributions: [Contribution] = []
        for update in updates {
            contributions.append(
                Contribution(
                    agent: update.header.agent, parameters: try Self.artifact(update.body).parameters,
                    windows: update.header.windows,
                    staleness: LateUpdates.staleness(of: update.header, base: base.version)))
        }
        return try next(
            of: round, base: base, baseFile: baseFile, origins: origins, state: state,
            updates: ContributedUpdates(contributions), headers: updates.map(\.header), at: now)
    }

    /// Version n + 1: the base's parameters moved by what the strategy makes of the updates.
    ///
    /// - Parameters:
    ///   - number: the version's, where one in quarantine has the base's next one already.
    ///   - origins: the files of older versions that updates started from, by how many versions ago that was.
    ///   - state: what the strategy remembered when it made the base; another strategy's memory is let go.
    ///   - controls: the changes of control variates, where the strategy has them.
    ///   - headers: of the updates, in any order.
    public func next(
        of round: Round, number: Int? = nil, lineage: Int = 0, base: ModelReference, baseFile: Data?,
        origins: [Int: Data] = [:],
        state: Data? = nil,
        updates: any UpdateSource, controls: (any UpdateSource)? = nil, headers: [UpdateHeader], at now: Timestamp
    ) throws(VersionMakingError) -> VersionRecord {
        guard let baseFile else { throw .missingBase(base.version.digest) }
        var artifact = try Self.artifact(baseFile)
        var starts: [Int: ParameterVector] = [:]
        for (age, file) in origins { starts[age] = try Self.artifact(file).parameters }
        let rule = settings.strategy.rule
        let hasControls = settings.strategy.usesControlVariates
        let memory = try Self.memory(state, of: rule, hasControls: hasControls)
        var outcome: ServerRule.Outcome
        do throws(AggregationError) {
            outcome = try rule.apply(to: updates, onto: artifact.parameters, origins: starts, state: memory)
            if hasControls, let controls {
                outcome.state.optimizer = try ControlVariate.next(
                    after: memory.optimizer, changes: controls, agents: round.agents ?? headers.count,
                    count: artifact.parameters.count)
            }
        } catch {
            throw .aggregation(error)
        }
        // Layers that stay with each agent stay the base's, whatever a strategy remembers of when they did not.
        let local = try Self.localLayers(round.settings, in: artifact)
        artifact.parameters = local.shared(outcome.parameters, base: artifact.parameters)
        let number = number ?? base.version.number + 1
        artifact.provenance = provenance(round, number: number, parent: base.version.digest, rule: rule.name)
        if round.clusters != nil { artifact.provenance["lineage"] = "\(lineage)" }
        artifact.provenance[Self.strategyKey] = settings.strategy.description
        LocalLayers.note(round.settings.localLayers, in: &artifact.provenance)
        artifact.provenance[ThresholdPrior.provenanceKey] =
            ThresholdPrior(
                merging: headers.compactMap { header in header.scores.map { (agent: header.agent, scores: $0) } })?
            .description
        var version = try record(
            artifact, round: round, number: number, parent: base.version.digest, headers: headers, at: now)
        version.lineage = lineage
        version.serverState = rule.hasState || hasControls ? Data(outcome.state.bytes) : nil
        return version
    }

    /// The layers of a round that stay with each agent.
    ///
    /// - Throws: ``VersionMakingError/network(_:)`` if the base has no such layers, or nothing else.
    static func localLayers(
        _ settings: ClientSettings, in base: ModelArtifact
    ) throws(VersionMakingError) -> LocalLayers {
        guard !settings.localLayers.isEmpty else { return LocalLayers([]) }
        do throws(NetworkError) {
            return LocalLayers(try Network(base.architecture).localRanges(of: settings.localLayers))
        } catch {
            throw .network(error)
        }
    }

    /// The strategy that made a model file, as it stands in there.
    public static func strategy(of artifact: ModelArtifact) -> StrategyDescription? {
        // A file of another hand may say anything.
        artifact.provenance[strategyKey].flatMap { try? StrategyDescription(parsing: $0) }
    }

    private static let strategyKey = "strategy"

    /// What a rule goes on with: its own memory, and a fresh one after the operator has chosen another strategy.
    private static func memory(
        _ bytes: Data?, of rule: ServerRule, hasControls: Bool
    ) throws(VersionMakingError) -> ServerState {
        guard let bytes, rule.hasState || hasControls else { return ServerState() }
        var state: ServerState
        do throws(ServerStateError) { state = try ServerState(bytes: [UInt8](bytes)) } catch {
            throw .serverState(error)
        }
        let kind = hasControls ? ControlVariate.stateKind : rule.optimizer?.stateKind
        if state.optimizer.kind != kind { state.optimizer = ServerOptimizerState() }
        if rule.clipping == nil { state.clipping = nil }
        return state
    }

    private func record(
        _ artifact: ModelArtifact, round: Round, number: Int, parent: Digest?, headers: [UpdateHeader],
        at now: Timestamp
    ) throws(VersionMakingError) -> VersionRecord {
        do throws(ModelArtifactError) { try artifact.validate() } catch { throw .model(error) }
        let file = artifact.encoded()
        return VersionRecord(
            cohort: round.cohort, version: ModelVersion(number: number, digest: Digest(of: file)), parent: parent,
            round: round.number, participants: headers.map(\.agent).sorted(), file: file,
            parameters: artifact.parameters.count, lossBefore: Self.mean(headers) { $0.lossBefore },
            lossAfter: Self.mean(headers) { $0.lossAfter }, createdAt: now)
    }

    private func provenance(_ round: Round, number: Int, parent: Digest?, rule: String) -> [String: String] {
        var provenance = [
            "cohort": round.cohort.rawValue, "version": "\(number)", "round": "\(round.number)", "rule": rule,
        ]
        provenance["parent"] = parent?.hex
        return provenance
    }

    static func artifact(_ file: Data) throws(VersionMakingError) -> ModelArtifact {
        do throws(ModelArtifactError) { return try ModelArtifact(parsing: file) } catch { throw .model(error) }
    }

    /// The window-weighted mean of a loss over the updates that report it.
    static func mean(_ headers: [UpdateHeader], of loss: (UpdateHeader) -> Double?) -> Double? {
        var sum = 0.0
        var windows = 0.0
        for header in headers.sorted(by: { $0.agent < $1.agent }) {
            guard let value = loss(header), value.isFinite else { continue }
            sum += value * Double(header.windows)
            windows += Double(header.windows)
        }
        return windows > 0 ? sum / windows : nil
    }

    /// The same cohort gets the same first weights, on whatever machine.
    static func seed(of cohort: CohortID) -> UInt64 {
        Digest(of: Data(cohort.rawValue.utf8)).hex.prefix(16).reduce(0) { seed, digit in
            seed << 4 | UInt64(digit.hexDigitValue ?? 0)
        }
    }
}
