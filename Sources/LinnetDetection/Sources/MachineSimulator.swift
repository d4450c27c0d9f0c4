// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinnetDomain
import LinnetNumerics

/// A simulated motor and pump: speed, load, current, temperatures, vibration, pressure and flow that depend on each other.
///
/// Everything is computed from the time alone, in closed form, never from the sample before: a source that is started
/// again in the middle goes on as if it had never stopped.
public struct MachineSimulator: DataSource {
    public static let channels = [
        Channel(name: "speed", unit: "rpm"), Channel(name: "load", unit: "%"),
        Channel(name: "motor_current", unit: "A"), Channel(name: "bearing_temperature", unit: "degC"),
        Channel(name: "winding_temperature", unit: "degC"), Channel(name: "vibration_low", unit: "mm/s"),
        Channel(name: "vibration_mid", unit: "mm/s"), Channel(name: "vibration_high", unit: "mm/s"),
        Channel(name: "discharge_pressure", unit: "bar"), Channel(name: "flow", unit: "l/min"),
    ]

    public let settings: MachineSettings
    private let character: MachineCharacter
    /// The loads of the first hours: working each out anew takes most of the time of a reading.
    private let knownRegimes: [Double]
    private let faults: [Fault]
    private let pacer: Pacer
    private var index: Int64

    /// - Parameter faults: faults of the machine; those of a sensor are a ``FaultOverlay``'s.
    /// - Throws: ``DetectionError/fault(_:)`` for a fault of a sensor.
    public init(settings: MachineSettings, faults: [Fault] = [], pacer: Pacer) throws(DetectionError) {
        for fault in faults where !fault.kind.isPhysical {
            throw .fault("\(fault.kind.rawValue) is a fault of a sensor, not of the machine")
        }
        self.settings = settings
        self.faults = faults
        self.pacer = pacer
        character = MachineCharacter(seed: settings.seed)
        knownRegimes = Self.knownBlocks.flatMap { Self.block(Double($0), seed: settings.seed) }
        let elapsed = pacer.now?.milliseconds(since: settings.epoch) ?? 0
        index = max(0, elapsed / Int64(max(1, settings.intervalMilliseconds)))
    }

    public var channels: [Channel] { Self.channels }
    public var intervalMilliseconds: Int { settings.intervalMilliseconds }

    public mutating func next() async throws -> Sample? {
        index += 1
        let time = settings.epoch.adding(milliseconds: index * Int64(settings.intervalMilliseconds))
        try await pacer.wait(until: time)
        return sample(at: time)
    }

    /// The reading at `time`.
    public func sample(at time: Timestamp) -> Sample {
        let seconds = Double(time.milliseconds(since: settings.epoch)) / 1000 * settings.timeScale
        var generator = SeededGenerator(
            seed: settings.seed &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(bitPattern: time.milliseconds))
        let truth = physics(at: seconds, time: time, using: &generator)
        let noise = zip(truth, Self.noise).map { value, share in
            Float(value + value.magnitude * share * generator.gaussian())
        }
        return Sample(time: time, values: noise)
    }

    /// Sensor noise as a share of the reading, a channel.
    private static let noise = [0.001, 0.006, 0.006, 0.002, 0.002, 0.03, 0.03, 0.03, 0.006, 0.006]

    private func physics(at seconds: Double, time: Timestamp, using generator: inout SeededGenerator) -> [Double] {
        let load = self.load(at: seconds)
        let wear = intensity(.bearingWear, at: time)
        let cavitation = intensity(.cavitation, at: time)
        let imbalance = intensity(.imbalance, at: time)
        let ambient = 22 + 3 * sin(2 * .pi * seconds / 86_400) + character.ambient
        // An induction motor slips with load; a pump's pressure falls as its flow rises.
        let speed = 1490 * character.speed * (1 - 0.025 * load)
        let ratio = speed / 1490
        let surge = cavitation * (1 + 0.4 * generator.gaussian())
        let flow = (60 + 240 * load) * character.flow * ratio * (1 - 0.3 * surge)
        let pressure = 6.5 * character.pressure * ratio * ratio * (1 - 0.35 * load * load) * (1 - 0.35 * surge)
        let current = (6 + 16 * load) * character.current * (1 + 0.08 * wear - 0.10 * cavitation)
        let winding = ambient + 18 + 45 * warmth(at: seconds, seconds: 60)
        let bearing = ambient + 14 + 22 * warmth(at: seconds, seconds: 90) + 25 * wear + 4 * imbalance
        let shake = character.vibration * ratio * ratio
        let low = 1.1 * shake * (1 + 0.4 * load) * (1 + 3.5 * imbalance)
        let mid = 0.8 * shake * (1 + 0.6 * load) * (1 + 2.0 * cavitation + 0.5 * imbalance + 0.4 * wear)
        let high = 0.5 * shake * (1 + 0.5 * load) * (1 + 3.0 * wear + 2.5 * cavitation)
        return [speed, load * 100, current, bearing, winding, low, mid, high, pressure, flow]
    }

    private func intensity(_ kind: FaultKind, at time: Timestamp) -> Double {
        faults.reduce(0) { $1.kind == kind ? max($0, $1.intensity(at: time) * $1.severity) : $0 }
    }

    // MARK: - Load

    /// Load from 0 to 1: regimes of 40 simulated seconds, with ramps between them.
    func load(at seconds: Double) -> Double {
        let position = seconds / Self.regimeSeconds
        let number = position.rounded(.down)
        let into = (position - number) * Self.regimeSeconds
        let share = min(1, into / Self.rampSeconds)
        let smooth = share * share * (3 - 2 * share)
        let before = regime(number - 1)
        return before + (regime(number) - before) * smooth
    }

    static let regimeSeconds = 40.0
    static let rampSeconds = 15.0
    private static let levels = [0.35, 0.5, 0.65, 0.8, 0.95]

    /// The load of regime `number`. Five in a row go through all five levels, in an order drawn from the machine's seed:
    /// a shift's products in changing order.
    private func regime(_ number: Double) -> Double {
        let count = Double(Self.levels.count)
        let known = number - Double(Self.knownBlocks.lowerBound) * count
        if known >= 0, known < Double(knownRegimes.count) { return knownRegimes[Int(known)] }
        let block = (number / count).rounded(.down)
        // 0 to 4, whatever the number.
        let place = Int(exactly: number - block * count) ?? 0
        return Self.block(block, seed: settings.seed)[place]
    }

    /// The order of the five levels in the block of regimes `number`.
    private static func block(_ number: Double, seed: UInt64) -> [Double] {
        let bits = UInt64(bitPattern: Int64(exactly: number) ?? 0)
        var generator = SeededGenerator(seed: seed ^ bits &* 0xD1B5_4A32_D192_ED03)
        return levels.shuffled(using: &generator)
    }

    /// Blocks that are known from the start, of 200 simulated seconds each; heat remembers some time before the first.
    private static let knownBlocks = -2..<48

    /// What load has warmed a part with the time constant `seconds`: the load of the past, weighed by its age.
    private func warmth(at now: Double, seconds constant: Double) -> Double {
        let steps = 12
        var sum = 0.0
        var weights = 0.0
        for step in 0..<steps {
            let age = (Double(step) + 0.5) * 3 * constant / Double(steps)
            let weight = exp(-age / constant)
            sum += weight * load(at: now - age)
            weights += weight
        }
        return sum / weights
    }
}
