// SPDX-License-Identifier: Apache-2.0

import LinnetConfiguration
import LinnetDomain
import LinnetFederation
import LinnetMessaging
import LinnetModelConfiguration

/// The coordinator's one configuration file, checked as a whole before anything is opened or connected.
public struct CoordinatorConfiguration: Sendable, Equatable {
    /// Folder of the database, the key and `api.json`.
    public var stateDirectory: String
    /// Folder of the agents' public keys, `<agent>.pub` each.
    public var trustedAgents: String
    public var apiHost: String
    /// 0 takes any free port, told in `api.json`.
    public var apiPort: Int
    public var broker: BrokerConfiguration
    public var fleet: FleetSettings

    /// Reads the file at `path`.
    ///
    /// - Throws: ``ConfigurationProblems``, all at once.
    public init(path: String) throws(ConfigurationProblems) {
        try self.init(ConfigurationFile(path: path))
    }

    /// Reads a file that has been opened.
    public init(_ file: ConfigurationFile) throws(ConfigurationProblems) {
        let root = file.root
        stateDirectory = root.resolvedPath("state")
        trustedAgents = root.resolvedPath("trustedAgents")
        let api = root.section("api")
        apiHost = api.string("host", default: "127.0.0.1")
        apiPort = api.integer("port", default: 8780, in: 0...65_535)
        if !api.boolean("exposeWithoutAuthentication", default: false), !BrokerConfiguration.isLoopback(apiHost) {
            api.problem(
                "host",
                "is \"\(apiHost)\"; the API asks nobody who they are, so it listens on 127.0.0.1, or, with something in "
                    + "front of it that does ask, elsewhere with \"exposeWithoutAuthentication: true\"")
        }
        broker = BrokerConfiguration(reading: root.section("broker"))
        fleet = Self.fleet(root)
        try file.finish()
    }

    private static func fleet(_ root: ConfigurationSection) -> FleetSettings {
        let model = ModelConfiguration(reading: root.section("model"))
        let release = root.section("release")
        let retention = root.section("retention")
        let rounds = root.section("rounds")
        let settings = FleetSettings(
            name: root.string("fleet", default: "linnet"), rounds: policy(rounds),
            model: model.network, falseAlarmsPerDay: model.falseAlarmsPerDay ?? 1,
            strategy: strategy(rounds),
            scaling: model.scaling,
            maximumUpdateNorm: rounds.number("maximumUpdateNorm", default: 100, in: 0.000001...1e12),
            release: ReleasePolicy(
                rawValue: release.string(
                    "policy", default: ReleasePolicy.immediate.rawValue, allowed: ReleasePolicy.allCases.map(\.rawValue)
                ))
                ?? .immediate,
            shadowWindows: release.integer("shadowWindows", default: 100, in: 0...1_000_000),
            releaseValidMilliseconds: milliseconds(
                release.duration(
                    "validFor", default: .seconds(7 * 86_400), in: .seconds(3600) ... .seconds(365 * 86_400))),
            rolloutPlan: RolloutPlan(reading: root.section("rollout")),
            retention: RetentionLimits(
                events: retention.integer("events", default: 1_000_000, in: 1000...1_000_000_000),
                versions: retention.integer("versions", default: 50, in: 2...100_000),
                updateRounds: retention.integer("updateRounds", default: 3, in: 0...1000),
                audit: retention.integer("audit", default: 1_000_000, in: 1000...1_000_000_000)),
            chunkBytes: root.bytes("chunkBytes", default: 65_536, in: 4096...ChunkPlan.maximumChunkBytes))
        check(settings, rounds)
        return settings
    }

    /// What one setting asks of others.
    private static func check(_ settings: FleetSettings, _ rounds: ConfigurationSection) {
        let clusters = settings.rounds.clusters
        if settings.strategy.usesControlVariates, settings.rounds.settings.proximalMu > 0 {
            rounds.problem(
                "proximalMu", "is \(settings.rounds.settings.proximalMu); scaffold corrects drift by itself: 0")
        }
        guard clusters > 1 else { return }
        if settings.strategy.usesControlVariates {
            rounds.problem("clusters", "is \(clusters), and scaffold has one control variate; take another strategy")
        }
        if settings.strategy.buffer != nil {
            rounds.problem("clusters", "is \(clusters), and fedbuff fills one buffer; take another strategy")
        }
        if settings.release != .immediate {
            rounds.problem(
                "clusters",
                "is \(clusters), and a rollout brings one version to a whole cohort; take \"release.policy: immediate\", or "
                    + "1 lineage")
        }
    }

    private static func strategy(_ rounds: ConfigurationSection) -> StrategyDescription {
        let text = rounds.string("strategy", default: StrategyDescription.standard.description)
        do throws(StrategyError) {
            return try StrategyDescription(parsing: text)
        } catch {
            rounds.problem("strategy", "is \"\(text.prefix(80))\": \(error)")
            return .standard
        }
    }

    private static func updateEncoding(_ rounds: ConfigurationSection) -> UpdateEncoding {
        let standard = ClientSettings().updateEncoding
        let text = rounds.string("updateEncoding", default: standard.description)
        guard let encoding = UpdateEncoding(text) else {
            rounds.problem(
                "updateEncoding",
                "is \"\(text.prefix(80))\"; it must be full, delta16, delta8, or top-k with the share to send: top-k:0.1"
            )
            return standard
        }
        return encoding
    }

    private static func localLayers(_ rounds: ConfigurationSection) -> [String] {
        let parts = rounds.strings("localLayers", default: [])
        guard parts.count <= ClientSettings.maximumLocalLayers, parts.allSatisfy(ClientSettings.isPart) else {
            rounds.problem(
                "localLayers",
                "is [\(parts.joined(separator: ", ").prefix(80))]; it must name at most "
                    + "\(ClientSettings.maximumLocalLayers) parts of a model, such as [last] or [layers.3]")
            return []
        }
        return parts
    }

    private static func policy(_ rounds: ConfigurationSection) -> RoundPolicy {
        let every = rounds.duration("every", default: .seconds(3600), in: .seconds(1) ... .seconds(30 * 86_400))
        let deadline = rounds.duration("deadline", default: .seconds(600), in: .seconds(1) ... .seconds(86_400))
        let fresh = rounds.duration("fresh", default: .seconds(60), in: .seconds(1) ... .seconds(86_400))
        let settings = ClientSettings(
            epochs: rounds.integer("epochs", default: 5, in: 1...1000),
            batchSize: rounds.integer("batchSize", default: 32, in: 1...65_536),
            learningRate: rounds.number("learningRate", default: 0.001, in: 1e-9...10),
            proximalMu: rounds.number("proximalMu", default: 0, in: 0...1000),
            maximumSeconds: rounds.integer("maximumSeconds", default: 60, in: 1...86_400),
            maximumWindows: rounds.integer("maximumWindows", default: 20_000, in: 1...10_000_000),
            updateEncoding: updateEncoding(rounds), wantsScores: rounds.boolean("thresholdPrior", default: true),
            localLayers: localLayers(rounds))
        let quorum = rounds.integer("quorum", default: 2, in: 1...1_000_000)
        let goal = rounds.integer("goal", default: 1000, in: 1...1_000_000)
        if goal < quorum {
            rounds.problem(
                "goal", "is \(goal); it must be at least \"rounds.quorum\" (\(quorum)), or no round can succeed")
        }
        return RoundPolicy(
            everyMilliseconds: milliseconds(every), deadlineMilliseconds: milliseconds(deadline),
            quorum: quorum, quorumShare: rounds.number("quorumShare", default: 0.6, in: 0...1), goal: goal,
            overSelection: rounds.number("overSelection", default: 1.3, in: 1...10),
            minimumWindows: rounds.integer("minimumWindows", default: 64, in: 1...10_000_000),
            freshMilliseconds: milliseconds(fresh),
            arrivalsPerSecond: rounds.integer("arrivalsPerSecond", default: 200, in: 1...1_000_000),
            evaluationShare: rounds.number("evaluationShare", default: 0.1, in: 0...0.5),
            clusters: rounds.integer("clusters", default: 1, in: 1...Lineages.maximum),
            lineageQuorum: rounds.integer("lineageQuorum", default: 2, in: 1...1_000_000),
            settings: settings)
    }

    /// The ranges above keep every duration far below what an `Int64` of milliseconds can hold.
    private static func milliseconds(_ duration: Duration) -> Int64 {
        duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
    }
}
