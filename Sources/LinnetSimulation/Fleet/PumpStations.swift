// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetNumerics

/// Pumping stations of a few simulated machines each: what a fleet measures unless it is given recordings.
///
/// No two stations are alike: each machine has its own character and runs its own loads, so the agents' data are non-IID by
/// construction. A fault hits one machine of a station, now plainly, now faintly.
public struct PumpStations: FleetData {
    public let agentCount: Int
    public let contract: SignalContract
    /// Windows that each agent has stored, and windows of each sort that it is judged by.
    public let windows: Int
    public let judging: Int
    private let seed: UInt64

    /// Fault-free time before the first window, and between those learned and those judged, in windows.
    private static let pause = 100
    static let intervalMilliseconds = 5000
    private static let epoch = Timestamp(milliseconds: 1_767_225_600_000)  // 2026-01-01T00:00:00Z

    /// - Parameters:
    ///   - channels: of each station; ten a machine, the last machine's cut off where they do not come out even.
    ///   - windows: stored by each agent, at least 50.
    public init(agents: Int, channels: Int = 38, windows: Int = 200, judging: Int = 60, seed: UInt64) {
        precondition(
            agents > 0 && channels > 0 && windows > 0 && judging > 0, "a fleet has agents, channels and windows")
        agentCount = agents
        self.windows = windows
        self.judging = judging
        self.seed = seed
        let perMachine = MachineSimulator.channels
        contract = SignalContract(
            channels: (0..<channels).map { position in
                let channel = perMachine[position % perMachine.count]
                return Channel(name: "pump\(position / perMachine.count + 1)_\(channel.name)", unit: channel.unit)
            }, intervalMilliseconds: Self.intervalMilliseconds, windowLength: 1)
    }

    public func name(of agent: Int) -> String { "station-\(agent + 1)" }

    public func windowCount(of agent: Int) -> Int { windows }

    public func trainingWindows(of agent: Int) -> [SampleWindow] {
        record(agent, from: Self.pause, count: windows, faults: [:])
    }

    public func judgingWindows(of agent: Int) -> JudgingWindows {
        let first = Self.pause + windows + Self.pause
        let normal = record(agent, from: first, count: judging, faults: [:])
        var generator = SeededGenerator(seed: seed &+ UInt64(agent) &* 0x2545_F491_4F6C_DD1D)
        let kinds = FaultKind.allCases.filter(\.isPhysical)
        // Six faults one after the other; each has come to its full size after its first quarter.
        let share = (judging + Self.faultsJudged - 1) / Self.faultsJudged
        var faulty: [SampleWindow] = []
        for number in 0..<Self.faultsJudged where faulty.count < judging {
            let start = first + judging + number * share * 2
            let fault = Fault(
                kind: kinds[number % kinds.count], startsAt: time(start),
                durationMilliseconds: share * 2 * Self.intervalMilliseconds,
                severity: 0.02 + 0.25 * generator.uniform())
            let machine = Int(generator.uniform() * Double(machineCount))
            faulty += record(
                agent, from: start + share / 2, count: min(share, judging - faulty.count), faults: [machine: fault])
        }
        return JudgingWindows(normal: normal, faulty: faulty)
    }

    private static let faultsJudged = 6

    private var machineCount: Int { (contract.channels.count - 1) / MachineSimulator.channels.count + 1 }

    private func time(_ window: Int) -> Timestamp {
        Self.epoch.adding(milliseconds: Int64(window) * Int64(Self.intervalMilliseconds))
    }

    /// Reads all machines of a station at `count` successive times.
    private func record(_ agent: Int, from first: Int, count: Int, faults: [Int: Fault]) -> [SampleWindow] {
        let machines = (0..<machineCount).compactMap { machine in
            // The faults are the machine's own, so nothing is thrown.
            try? MachineSimulator(
                settings: MachineSettings(
                    seed: seed &+ UInt64(agent) &* 64 &+ UInt64(machine) &+ 1,
                    intervalMilliseconds: Self.intervalMilliseconds, epoch: Self.epoch),
                faults: faults[machine].map { [$0] } ?? [], pacer: .immediate)
        }
        let width = contract.channels.count
        return (first..<first + count).compactMap { window in
            let time = time(window)
            var values: [Float] = []
            values.reserveCapacity(machines.count * MachineSimulator.channels.count)
            for machine in machines { values += machine.sample(at: time).values }
            return SampleWindow(
                start: time, end: time, length: 1, channelCount: width, values: Array(values.prefix(width)))
        }
    }
}
