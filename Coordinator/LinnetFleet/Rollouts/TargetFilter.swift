// SPDX-License-Identifier: Apache-2.0

import LinnetDomain
import LinnetMessaging

/// Which agents of a cohort a rollout is meant for; a list that is empty lets all through.
public struct TargetFilter: Codable, Sendable, Equatable, CustomStringConvertible {
    public var agents: [AgentID]
    /// Agents that watch one of these devices.
    public var devices: [DeviceID]
    /// Agents that carry all of these tags.
    public var tags: [String]
    public var sites: [String]
    /// Agents whose software starts so.
    public var software: String?

    public init(
        agents: [AgentID] = [], devices: [DeviceID] = [], tags: [String] = [], sites: [String] = [],
        software: String? = nil
    ) {
        self.agents = agents
        self.devices = devices
        self.tags = tags
        self.sites = sites
        self.software = software
    }

    /// Whether the whole cohort is meant.
    public var isEveryone: Bool { self == TargetFilter() }

    /// Texts that no agent could ever have.
    public var problems: [RolloutPlanError] {
        let texts =
            tags.map { ("a tag", $0) } + sites.map { ("a site", $0) } + (software.map { [("the software", $0)] } ?? [])
        return texts.compactMap { name, text in
            text.isEmpty || text.utf8.count > 256
                ? .outside("\(name) to filter by", found: "\"\(text.prefix(40))\"", allowed: "1 to 256 bytes of text")
                : nil
        }
    }

    /// Whether an agent is meant, by what it last said of itself.
    public func matches(_ state: AgentState) -> Bool {
        (agents.isEmpty || agents.contains(state.agent))
            && (devices.isEmpty || state.devices.contains { devices.contains($0.id) })
            && tags.allSatisfy { (state.tags ?? []).contains($0) }
            && (sites.isEmpty || state.site.map(sites.contains) ?? false)
            && software.map(state.software.hasPrefix) ?? true
    }

    public var description: String {
        if isEveryone { return "the whole cohort" }
        var parts: [String] = []
        if !agents.isEmpty { parts.append("agent \(agents.map(\.rawValue).joined(separator: "|"))") }
        if !devices.isEmpty { parts.append("device \(devices.map(\.rawValue).joined(separator: "|"))") }
        if !tags.isEmpty { parts.append("tags \(tags.joined(separator: "+"))") }
        if !sites.isEmpty { parts.append("site \(sites.joined(separator: "|"))") }
        if let software { parts.append("software \(software)…") }
        return parts.joined(separator: ", ")
    }
}
