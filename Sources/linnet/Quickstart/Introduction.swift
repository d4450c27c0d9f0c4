// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// What the demonstration says before it starts: who takes part, what the words mean, which faults will come.
struct Introduction {
    let scenario: Scenario
    let schedule: FaultSchedule
    let totalSeconds: Double?

    private static let mostFaults = 24

    func lines(on terminal: Terminal) -> [String] {
        let devices = scenario.members.map(\.device.rawValue).joined(separator: ", ")
        let end = totalSeconds.map { "for \(Int($0)) s" } ?? "until Ctrl-C"
        return [
            "\(terminal.tinted("Linnet", .strong)) runs \(end): a broker, a coordinator and "
                + "\(HumanText.plural(scenario.members.count, "agent")), one each for: \(devices).",
            "",
            "An agent learns what normal looks like from windows of its device's readings. A score says how unlike normal a",
            "window is; above the threshold for a while, it is an anomaly. In a round, agents train one model on their own",
            "readings, and the coordinator combines what they send into a new version, which every agent tries before it",
            "switches. The loss is the model's error: it should fall. The outbox holds events until the coordinator has them.",
            "",
            terminal.tinted("Faults that will be injected", .strong),
        ] + faults(on: terminal) + [""]
    }

    private func faults(on terminal: Terminal) -> [String] {
        var table = Table(.right("AT"), .right("FOR"), "DEVICE", "AGENT", "FAULT")
        for fault in schedule.faults.prefix(Self.mostFaults) {
            table.add(
                .init(LiveScreen.clock(fault.startSeconds)), .init("\(Int(fault.durationSeconds.rounded())) s"),
                .init(fault.device.rawValue), .init(fault.agent.rawValue), .init(fault.words))
        }
        let more = schedule.faults.count - Self.mostFaults
        return table.lines(on: terminal) + (more > 0 ? ["… and \(HumanText.count(more)) more"] : [])
    }

    /// How to look closer while it runs.
    func hints(tap: String, apiURL: String, directory: String) -> [String] {
        [
            "In a browser: \(apiURL)/",
            "Look closer:  linnet agents --api \(apiURL)   (also: status, rounds, models, anomalies --follow, audit)",
            "Listen in:    \(tap)",
            "Files, logs:  \(directory)",
        ]
    }
}
