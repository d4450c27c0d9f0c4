// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain
import LinnetNumerics

/// Recorded machines as the agents of a simulated fleet, one machine an agent.
extension RecordedFleet: FleetData {
    /// Windows that an agent trains on and is judged by, at most; of more, every n-th.
    private static let maximumWindows = (training: 2000, judging: 300)
    private static let epoch = Timestamp(milliseconds: 1_767_225_600_000)  // 2026-01-01T00:00:00Z

    public var contract: SignalContract {
        SignalContract(channels: channels, intervalMilliseconds: intervalSeconds * 1000, windowLength: 1)
    }

    public var agentCount: Int { machines.count }

    public func name(of agent: Int) -> String { machines[agent].name }

    public func windowCount(of agent: Int) -> Int {
        picked(machines[agent].training.rows, Self.maximumWindows.training).count
    }

    public func trainingWindows(of agent: Int) -> [SampleWindow] {
        let rows = machines[agent].training
        return windows(of: rows, picked(rows.rows, Self.maximumWindows.training))
    }

    public func judgingWindows(of agent: Int) -> JudgingWindows {
        let machine = machines[agent]
        func windows(labelled label: Bool) -> [SampleWindow] {
            let rows = machine.labels.indices.filter { machine.labels[$0] == label }
            return self.windows(of: machine.test, picked(rows.count, Self.maximumWindows.judging).map { rows[$0] })
        }
        return JudgingWindows(normal: windows(labelled: false), faulty: windows(labelled: true))
    }

    /// Every n-th of `count` rows, so that no more than `maximum` are left.
    private func picked(_ count: Int, _ maximum: Int) -> [Int] {
        Array(stride(from: 0, to: count, by: max(1, (count + maximum - 1) / maximum)))
    }

    private func windows(of rows: Matrix, _ picked: [Int]) -> [SampleWindow] {
        picked.compactMap { row in
            let time = Self.epoch.adding(milliseconds: Int64(row) * Int64(intervalSeconds) * 1000)
            return SampleWindow(
                start: time, end: time, length: 1, channelCount: rows.columns, values: Array(rows.row(row)))
        }
    }
}
