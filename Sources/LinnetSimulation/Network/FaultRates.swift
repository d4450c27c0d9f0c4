// SPDX-License-Identifier: Apache-2.0

/// How often things go wrong in a simulated fleet; each a probability from 0 to 1 unless it says otherwise.
public struct FaultRates: Sendable, Hashable, Codable {
    /// That an agent that is asked falls silent for the rest of the round.
    public var dropOut: Double
    /// That an agent takes ``stragglerFactor`` times as long as it should.
    public var straggler: Double
    /// How much longer a straggler takes, at least 1.
    public var stragglerFactor: Double
    /// That a message is lost, and that it arrives twice.
    public var loss: Double
    public var repetition: Double
    /// Largest error of an agent's clock, in milliseconds, to either side.
    public var clockSkewMilliseconds: Int64
    /// That an agent is killed while it works on a round, and comes back within a minute.
    public var agentRestart: Double
    /// That the coordinator is killed when an update arrives, and comes back within seconds.
    public var coordinatorRestart: Double

    public init(
        dropOut: Double = 0, straggler: Double = 0, stragglerFactor: Double = 20, loss: Double = 0,
        repetition: Double = 0, clockSkewMilliseconds: Int64 = 0, agentRestart: Double = 0,
        coordinatorRestart: Double = 0
    ) {
        self.dropOut = dropOut
        self.straggler = straggler
        self.stragglerFactor = stragglerFactor
        self.loss = loss
        self.repetition = repetition
        self.clockSkewMilliseconds = clockSkewMilliseconds
        self.agentRestart = agentRestart
        self.coordinatorRestart = coordinatorRestart
    }

    /// Nothing goes wrong.
    public static let calm = FaultRates()

    /// What a plant's network and hosts do on an ordinary day.
    public static let plant = FaultRates(
        dropOut: 0.05, straggler: 0.1, loss: 0.01, repetition: 0.01, clockSkewMilliseconds: 60_000,
        agentRestart: 0.01, coordinatorRestart: 0.0005)

    /// A day on which everything fails.
    public static let storm = FaultRates(
        dropOut: 0.2, straggler: 0.3, stragglerFactor: 50, loss: 0.3, repetition: 0.2,
        clockSkewMilliseconds: 86_400_000, agentRestart: 0.1, coordinatorRestart: 0.01)

    /// The ready-made rates by name.
    public static let named: [(name: String, rates: FaultRates)] = [
        ("calm", calm), ("plant", plant), ("storm", storm),
    ]
}
