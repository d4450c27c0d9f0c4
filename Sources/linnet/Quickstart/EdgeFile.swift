// SPDX-License-Identifier: Apache-2.0

import LinnetDetection
import LinnetDomain

/// One agent's configuration file in a demonstration.
struct EdgeFile {
    let member: Scenario.Member
    let directory: RunDirectory
    let broker: BrokerFile
    /// The key that the agent pins, as hexadecimal digits.
    let coordinatorKey: String
    /// When the demonstration starts; faults are told by it.
    let epoch: Timestamp
    let faults: [InjectedFault]
    /// Normal windows before the agent learns a first model alone.
    let minimumWindows: Int

    /// Samples in a window, and from the start of one to the start of the next.
    static let length = 8
    static let stride = 4

    /// This host is sampled more slowly than machines whose time runs fast; it has a model of its own early all the same,
    /// and joins its first round before a minute is over.
    static let hostMinimumWindows = 100

    var text: String {
        """
        agent: \(member.agent)
        state: \(YAMLText.quoted(directory.edgeState(member.agent)))
        coordinator: {publicKey: \(coordinatorKey)}
        broker: \(broker.section(for: member.agent.rawValue))
        window: {length: \(Self.length), stride: \(Self.stride), maximumGap: \(maximumGap), holdMissing: 3}
        detection: {falseAlarmsPerDay: 1, raiseAfter: 3, clearAfter: 12, clearRatio: 0.8}
        learning: {minimumWindows: \(minimumWindows), cpuShare: 0.5}
        reporting: {stateEvery: 1s}
        devices:
          - id: \(member.device)
            source: \(source)
            faults:\(faults.isEmpty ? " []" : "")
        \(faults.map { "      - \(line(for: $0))" }.joined(separator: "\n"))

        """
    }

    /// Longer than any hiccup of the sampling, and shorter than the pause between two laps of a recording, which no window
    /// may span.
    private var maximumGap: String {
        switch member.source {
        case .recording(let recording, _, let speed):
            "\(max(1, Int(10 * Double(recording.intervalMilliseconds) / speed)))ms"
        case .host, .simulator: "2s"
        }
    }

    private var source: String {
        switch member.source {
        case .host:
            // Averages and levels that move over many minutes say nothing in a run of two.
            return "{kind: host, interval: 75ms, ignoreChannels: [load_1, memory_used, swap_used]}"
        case .simulator(let seed):
            return "{kind: simulator, seed: \(seed), interval: 50ms, timeScale: 20, epoch: \(epoch.milliseconds)}"
        case .recording(let recording, let layout, let speed):
            var items = ["kind: csv", "path: \(YAMLText.quoted(recording.path))"]
            items.append("separator: \(YAMLText.quoted(String(layout.separator)))")
            if let column = layout.timestampColumn { items.append("timestampColumn: \(YAMLText.quoted(column))") }
            if let column = layout.labelColumn {
                items.append("labelColumn: \(YAMLText.quoted(column))")
                items.append("labelledRows: skip")
            }
            if !layout.ignoredColumns.isEmpty {
                items.append("ignoreColumns: [\(layout.ignoredColumns.map(YAMLText.quoted).joined(separator: ", "))]")
            }
            items += ["speed: \(speed)", "loop: true", "startedAt: \(epoch.milliseconds)"]
            return "{\(items.joined(separator: ", "))}"
        }
    }

    private func line(for fault: InjectedFault) -> String {
        var items = [
            "kind: \(fault.kind.rawValue)",
            "at: \(epoch.adding(milliseconds: Int64(fault.startSeconds * 1000)).milliseconds)",
            "duration: \(Int64(fault.durationSeconds * 1000))ms", "severity: \(fault.severity)",
        ]
        if let channel = fault.channel { items.append("channel: \(YAMLText.quoted(channel))") }
        return "{\(items.joined(separator: ", "))}"
    }
}
