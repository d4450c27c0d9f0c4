// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetNumerics

/// Which machine is simulated, and how fast its time goes.
public struct MachineSettings: Sendable, Hashable, Codable {
    /// Gives the machine its character, its load and its noise.
    public var seed: UInt64
    public var intervalMilliseconds: Int
    /// Simulated seconds in a second.
    public var timeScale: Double
    /// When its time began; the same machine at the same time reads the same.
    public var epoch: Timestamp

    public init(seed: UInt64, intervalMilliseconds: Int = 1000, timeScale: Double = 1, epoch: Timestamp) {
        self.seed = seed
        self.intervalMilliseconds = intervalMilliseconds
        self.timeScale = timeScale
        self.epoch = epoch
    }
}

/// What makes one machine differ from the next of its kind: a few per cent here and there.
struct MachineCharacter: Sendable, Hashable {
    let speed, flow, pressure, current, vibration: Double
    /// Degrees by which its place is warmer or colder.
    let ambient: Double

    init(seed: UInt64) {
        var generator = SeededGenerator(seed: seed &+ 0x5851_F42D_4C95_7F2D)
        func factor(_ spread: Double) -> Double { 1 + spread * (2 * generator.uniform() - 1) }
        speed = factor(0.03)
        flow = factor(0.10)
        pressure = factor(0.08)
        current = factor(0.08)
        vibration = factor(0.15)
        ambient = 8 * generator.uniform() - 4
    }
}
