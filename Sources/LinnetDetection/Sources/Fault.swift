// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// What can go wrong with a simulated machine or sensor.
public enum FaultKind: String, Sendable, Codable, Hashable, CaseIterable {
    /// Friction and heat in the bearing, vibration at high frequencies.
    case bearingWear
    /// Vapour bubbles in the pump: flow and pressure break down, broad-band vibration.
    case cavitation
    /// A rotor out of balance: vibration at running speed.
    case imbalance
    /// One sensor stands still.
    case stuck
    /// One sensor's reading moves away from the truth.
    case drift
    /// One sensor's reading jumps, again and again.
    case spike
    /// One sensor's reading falls to 0.
    case dropout

    /// Whether it is the machine rather than a sensor, and so needs a simulated one.
    public var isPhysical: Bool {
        switch self {
        case .bearingWear, .cavitation, .imbalance: true
        case .stuck, .drift, .spike, .dropout: false
        }
    }
}

/// One fault on a schedule, for demonstrations and tests.
///
/// Times are absolute, so a source that is started again in the middle neither repeats nor forgets it.
public struct Fault: Sendable, Codable, Hashable {
    public var kind: FaultKind
    public var startsAt: Timestamp
    public var durationMilliseconds: Int
    /// The sensor that fails; `nil` takes the first channel. A fault of the machine has none.
    public var channel: String?
    /// 1 is plain to see; 0 is none.
    public var severity: Double

    public init(
        kind: FaultKind, startsAt: Timestamp, durationMilliseconds: Int, channel: String? = nil, severity: Double = 1
    ) {
        self.kind = kind
        self.startsAt = startsAt
        self.durationMilliseconds = durationMilliseconds
        self.channel = channel
        self.severity = severity
    }

    /// How far the fault has come at `time`: 0 before and after, rising to 1 within the first quarter.
    public func intensity(at time: Timestamp) -> Double {
        let elapsed = time.milliseconds(since: startsAt)
        guard elapsed >= 0, elapsed < Int64(durationMilliseconds) else { return 0 }
        return min(1, (Double(elapsed) + 1) / (Double(durationMilliseconds) / 4))
    }
}
