// SPDX-License-Identifier: Apache-2.0

import LinnetFleet
import LinnetMessaging
import LinnetNN

/// What is simulated: everything but the data.
public struct SimulationSettings: Sendable, Equatable {
    /// Training rounds to commit; the simulation ends with the last one, or once as many have been abandoned.
    public var rounds: Int
    /// All chance follows from it: the same seed gives the same run.
    public var seed: UInt64
    /// What the coordinator is told, strategy and round policy among it.
    public var fleet: FleetSettings
    public var faults: FaultRates
    public var attack: AttackPlan?
    /// Whether updates are screened before the rule sees them; only the undefended fleet of an attack suite does without.
    public var isScreened: Bool
    /// Honest agents whose devices judge each version, at most.
    public var judges: Int

    public init(
        rounds: Int = 10, seed: UInt64 = 1, fleet: FleetSettings = SimulationSettings.fleet(agents: 100),
        faults: FaultRates = .calm, attack: AttackPlan? = nil, isScreened: Bool = true, judges: Int = 20
    ) {
        precondition(rounds > 0 && judges > 0, "a simulation has rounds, and devices to judge them by")
        self.rounds = rounds
        self.seed = seed
        self.fleet = fleet
        self.faults = faults
        self.attack = attack
        self.isScreened = isScreened
        self.judges = judges
    }

    /// A coordinator's defaults for a fleet of so many agents: a round an hour, closed by its goal.
    public static func fleet(agents: Int, client: ClientSettings = ClientSettings()) -> FleetSettings {
        FleetSettings(
            name: "simulation",
            rounds: RoundPolicy(
                quorum: min(2, agents), goal: min(1000, agents), minimumWindows: 50, settings: client),
            model: .dense([32, 16, 8]))
    }
}
