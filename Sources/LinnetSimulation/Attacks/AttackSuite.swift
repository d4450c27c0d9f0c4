// SPDX-License-Identifier: Apache-2.0

import LinnetFederation
import LinnetFleet

/// Runs a fleet under attack after attack, defended and undefended, beside the same fleet without attackers.
///
/// Undefended is the plain mean without screening: an attack that does not hurt it is none.
public struct AttackSuite: Sendable {
    /// What each run is, but for strategy and attack.
    public let settings: SimulationSettings
    public let data: any FleetData
    public let threads: Int

    public init(settings: SimulationSettings, data: any FleetData, threads: Int) {
        self.settings = settings
        self.data = data
        self.threads = threads
    }

    /// One fleet of the suite.
    public struct Row: Sendable, Equatable, Codable {
        /// `none` for the fleets without attackers.
        public var attack: String
        public var strategy: String
        public var isDefended: Bool
        public var loss: Double
        public var f1: Double
        /// The share of triggers that raised no alarm; of a backdoor only.
        public var triggersMissed: Double?
        /// Rounds that came to nothing, and updates of honest agents that were refused.
        public var abandoned: Int
        public var honestRefused: Int
        /// How much F1 is lost against the same strategy without attackers.
        public var f1Lost: Double
        /// Loss over that of the same strategy without attackers.
        public var lossRatio: Double
        /// No version was made at all.
        public var hasFailed: Bool
    }

    /// The rows of the attacks, two for each, after the two without attackers.
    ///
    /// - Parameter progress: called before each run with what is run.
    public func run(_ attacks: [AttackPlan], progress: (String) -> Void) async throws -> [Row] {
        var rows: [Row] = []
        var clean: [Bool: Row] = [:]
        for attack in [nil] + attacks.map(Optional.some) {
            for isDefended in [true, false] {
                let name = attack.map { "\($0.kind.rawValue):\($0.share)" } ?? "none"
                progress("\(name), \(isDefended ? settings.fleet.strategy.description : "plain mean, unscreened")")
                let row = try await row(name, attack, isDefended: isDefended, clean: clean[isDefended])
                if attack == nil { clean[isDefended] = row }
                rows.append(row)
            }
        }
        return rows
    }

    /// The mean as the field's frameworks have it: nothing is clipped, and whoever claims many windows counts for many.
    private static func undefended() throws(StrategyError) -> StrategyDescription {
        try StrategyDescription(.fedavg, [.clipFactor: 1000, .maximumWeight: 1_000_000])
    }

    private func row(_ name: String, _ attack: AttackPlan?, isDefended: Bool, clean: Row?) async throws -> Row {
        var settings = settings
        settings.attack = attack
        settings.isScreened = isDefended
        if !isDefended { settings.fleet.strategy = try Self.undefended() }
        var row = Row(
            attack: name, strategy: settings.fleet.strategy.description, isDefended: isDefended, loss: 0, f1: 0,
            triggersMissed: nil, abandoned: 0, honestRefused: 0, f1Lost: 0, lossRatio: 1, hasFailed: false)
        var simulation = try Simulation(settings: settings, data: data, threads: threads)
        do {
            let report = try await simulation.run()
            row.loss = report.lastLoss
            row.f1 = report.f1
            row.triggersMissed = report.triggersMissed
            row.abandoned = report.rounds.count { $0.phase == "abandoned" }
            row.honestRefused = report.honestRefused
        } catch SimulationError.noModel, SimulationError.judging {
            // Nothing that could be judged has come out: that is what the attack has achieved.
            row.hasFailed = true
        }
        if let clean {
            row.f1Lost = clean.f1 - row.f1
            row.lossRatio = clean.loss > 0 ? row.loss / clean.loss : 1
        }
        return row
    }
}
