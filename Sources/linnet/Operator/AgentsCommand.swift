// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LinnetDomain
import LinnetFleet
import LinnetMessaging

/// `linnet agents`: one line a device, with the agent that watches it.
struct AgentsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agents", abstract: "Show every agent, what it runs and how its devices are.")

    @OptionGroup var options: APIOptions

    func run() throws {
        let api = try options.coordinator()
        if options.json { return Report.show(json: try api.data("/api/v1/agents")) }
        let page = try api.report(AgentsPage.self, "/api/v1/agents")
        Report.show(Self.lines(page.agents, now: .now(), on: .standardOutput()))
    }

    static func lines(_ agents: [AgentReport], now: Timestamp, on terminal: Terminal) -> [String] {
        guard !agents.isEmpty else { return ["No agent has reported yet."] }
        var table = Table(
            "AGENT", "SEEN", "DEVICE", "PHASE", .right("SCORE"), .right("THRESHOLD"), .right("VERSION"),
            .right("WINDOWS"), .right("OUTBOX"), .right("MEMORY"), "COHORT")
        for agent in agents {
            let devices: [DeviceState?] = agent.devices.isEmpty ? [nil] : agent.devices
            for (position, device) in devices.enumerated() {
                let isFirst = position == 0
                table.add(
                    .init(isFirst ? agent.id.rawValue : ""), isFirst ? seen(agent, now) : "",
                    .init(device?.id.rawValue ?? "–"), phase(device?.phase), .init(HumanText.number(device?.score)),
                    .init(HumanText.number(device?.threshold)), isFirst ? version(agent) : "",
                    .init(isFirst ? HumanText.count(agent.trainingWindows) : ""), isFirst ? outbox(agent) : "",
                    .init(isFirst ? HumanText.bytes(agent.residentBytes) : ""),
                    .init(isFirst ? cohort(agent) : ""))
            }
        }
        let idle = agents.compactMap { agent in agent.sitsOut.map { "agent \(agent.id) sits rounds out: \($0)" } }
        let refused = agents.compactMap { agent in
            agent.refused.map { "agent \(agent.id) has refused: \(refusals($0))" }
        }
        let devices = agents.flatMap { agent in agent.devices.flatMap { notes($0, of: agent.id) } }
        return table.lines(on: terminal) + idle + refused + devices
    }

    private static func refusals(_ counts: [String: Int]) -> String {
        counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }

    /// What of a device is not as usual.
    private static func notes(_ device: DeviceState, of agent: AgentID) -> [String] {
        var notes: [String] = []
        switch device.drift {
        case .scores:
            notes.append("agent \(agent): what is normal for \(device.id) has changed; a new model is asked for")
        case .inputs: notes.append("agent \(agent): \(device.id) works elsewhere than where it was learned")
        case nil: break
        }
        switch device.weights {
        case .fineTuned:
            notes.append("agent \(agent): \(device.id) scores with the release's weights, trained on there")
        case .ownLayers:
            notes.append("agent \(agent): \(device.id) scores with the release and the agent's own layers in it")
        case .local: notes.append("agent \(agent): \(device.id) scores with weights of its own")
        case .released, nil: break
        }
        return notes
    }

    private static func cohort(_ agent: AgentReport) -> String {
        (agent.cohort?.rawValue ?? "–") + (agent.lineage.map { ", lineage \($0)" } ?? "")
    }

    private static func seen(_ agent: AgentReport, _ now: Timestamp) -> Table.Cell {
        agent.online
            ? .init("online", .good) : .init("offline, \(HumanText.ago(agent.lastSeen, now: now))", .bad)
    }

    static func phase(_ phase: AlarmPhase?) -> Table.Cell {
        switch phase {
        case nil: "–"
        case .learning: .init("learning", .note)
        case .normal: .init("normal", .good)
        case .pending: .init("pending", .warning)
        case .firing: .init("FIRING", .bad)
        }
    }

    private static func version(_ agent: AgentReport) -> Table.Cell {
        guard let active = agent.active else { return "–" }
        let name = active.isLocal ? "local" : "\(active.number)"
        if let candidate = agent.candidate { return .init("\(name), trying \(candidate.number)", .note) }
        return agent.onNewest ? .init("\(name) ✓", .good) : .init(name, .warning)
    }

    private static func outbox(_ agent: AgentReport) -> Table.Cell {
        guard agent.outboxDropped > 0 else { return .init(HumanText.count(agent.outboxDepth)) }
        return .init("\(HumanText.count(agent.outboxDepth)) (\(HumanText.count(agent.outboxDropped)) dropped)", .bad)
    }
}
