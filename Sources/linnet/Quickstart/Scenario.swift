// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain

/// Who takes part in a demonstration: each agent, its one device, and where that device's readings come from.
struct Scenario: Sendable {
    /// Where readings come from.
    enum Source: Sendable {
        /// A simulated machine; the seed gives it its character.
        case simulator(seed: UInt64)
        /// This very host, through /proc.
        case host
        case recording(DataFolder.Recording, CSVLayout, speed: Double)
    }

    struct Member: Sendable {
        var agent: AgentID
        var device: DeviceID
        var source: Source

        var isHost: Bool { if case .host = source { true } else { false } }
    }

    let members: [Member]

    /// Simulated machines, and this host as the last; only the machine where there is one agent.
    static func simulated(agents: Int, seed: UInt64) -> Scenario {
        let machines = max(1, agents - 1)
        return Scenario(
            members: (1...agents).map { number in
                let isHost = number > machines
                return Member(
                    agent: AgentID(checked: "agent-\(number)"),
                    device: DeviceID(checked: isHost ? "this-host" : "machine-\(number)"),
                    source: isHost ? .host : .simulator(seed: seed % 1_000_000_000 * 100 + UInt64(number)))
            })
    }

    /// Laps through a recording that an agent learns from before it takes part in a round.
    private static let lapsToLearn = 5.0 / 3
    /// Longest that a lap through the longest recording takes, in seconds.
    private static let longestLap = 20.0
    /// Time left between the last window that is needed and the first model, in seconds.
    private static let secondsToLearn = 8.0

    /// One recording for each agent, replayed so fast that all have a model `seconds` after the start.
    static func replaying(_ folder: DataFolder, learnedBy seconds: Double) -> Scenario {
        let speed = folder.speed(lapSeconds: min(longestLap, max(1, seconds - secondsToLearn) / lapsToLearn))
        return Scenario(
            members: folder.recordings.enumerated().map { position, recording in
                Member(
                    agent: AgentID(checked: "agent-\(position + 1)"), device: recording.device,
                    source: .recording(recording, folder.layout, speed: speed))
            })
    }

    /// The devices that faults are laid into, and which: never into this host, which nobody should break for a show.
    var targets: [FaultSchedule.Target] {
        members.compactMap { member in
            switch member.source {
            case .host: nil
            case .simulator:
                FaultSchedule.Target(agent: member.agent, device: member.device, kinds: Self.machineFaults)
            case .recording(_, let layout, _):
                FaultSchedule.Target(
                    agent: member.agent, device: member.device,
                    kinds: Self.sensorFaults.map { ($0, layout.channels) })
            }
        }
    }

    private static let sensorFaults: [FaultKind] = [.drift, .spike, .dropout, .stuck]
    private static let machineFaults: [(kind: FaultKind, channels: [String])] = [
        (.bearingWear, []), (.drift, ["bearing_temperature", "flow"]), (.cavitation, []),
        (.stuck, ["vibration_mid", "flow"]), (.imbalance, []), (.dropout, ["flow"]),
    ]

    /// Normal windows that an agent gathers before it takes part in a round: for a machine three turns through all its
    /// loads, for a recording a lap and two thirds, so that the older 60 % of them, which levels are taken from, hold all
    /// that the newer ones show, which thresholds are fitted on.
    var minimumWindows: Int {
        members.reduce(150) { most, member in
            guard case .recording(let recording, _, _) = member.source else { return most }
            return max(most, min(600, Int(Double(recording.rows) * Self.lapsToLearn) / EdgeFile.stride))
        }
    }
}
