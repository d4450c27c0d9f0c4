// SPDX-License-Identifier: Apache-2.0

import LinnetConfiguration
import LinnetDomain
import LinnetMessaging
import LinnetModelConfiguration

/// Everything an agent is told: one file, checked as a whole before anything is opened or connected.
///
///     let configuration = try EdgeConfiguration(path: "edge.yaml")
///
/// `Edge/deploy/edge.yaml` shows every key with its unit, range and default.
public struct EdgeConfiguration: Sendable, Equatable {
    public var agent: AgentID
    /// Where the host stands and what its operator calls it: rollouts can be meant for some only.
    public var site: String?
    public var tags: [String]
    /// The folder with the agent's database and key; made at first start.
    public var stateDirectory: String
    /// Absent where the agent works alone for good.
    public var coordinator: CoordinatorConfiguration?
    public var window: WindowConfiguration
    /// What is learned alone: the first model, and every one where there is no coordinator.
    public var model: ModelConfiguration
    public var detection: DetectionConfiguration
    public var learning: LearningConfiguration
    /// Most events that wait for the coordinator.
    public var maximumEvents: Int
    /// How often the agent tells its state while nothing changes, in milliseconds.
    public var stateEveryMilliseconds: Int
    /// At least one; they share one signal contract.
    public var devices: [DeviceConfiguration]

    public init(
        agent: AgentID, site: String? = nil, tags: [String] = [], stateDirectory: String,
        coordinator: CoordinatorConfiguration? = nil,
        window: WindowConfiguration = WindowConfiguration(), model: ModelConfiguration = ModelConfiguration(),
        detection: DetectionConfiguration = DetectionConfiguration(),
        learning: LearningConfiguration = LearningConfiguration(), maximumEvents: Int = 10_000,
        stateEveryMilliseconds: Int = 5000, devices: [DeviceConfiguration]
    ) {
        self.agent = agent
        self.site = site
        self.tags = tags
        self.stateDirectory = stateDirectory
        self.coordinator = coordinator
        self.window = window
        self.model = model
        self.detection = detection
        self.learning = learning
        self.maximumEvents = maximumEvents
        self.stateEveryMilliseconds = stateEveryMilliseconds
        self.devices = devices
    }

    /// Reads and checks the file at `path`.
    ///
    /// - Throws: every problem there is, at once.
    public init(path: String) throws(ConfigurationProblems) {
        try self.init(ConfigurationFile(path: path))
    }

    /// Reads and checks a file.
    ///
    /// - Throws: every problem there is, at once.
    public init(_ file: ConfigurationFile) throws(ConfigurationProblems) {
        let root = file.root
        let agent: AgentID? = Self.identifier(root, "agent")
        (site, tags) = Self.words(root)
        stateDirectory = root.resolvedPath("state", default: "state")
        coordinator = CoordinatorConfiguration.read(from: root)
        window = WindowConfiguration(reading: root.section("window"))
        model = ModelConfiguration(reading: root.section("model"))
        detection = DetectionConfiguration(reading: root.section("detection"))
        if let aim = model.falseAlarmsPerDay { detection.falseAlarmsPerDay = aim }
        learning = LearningConfiguration(reading: root.section("learning"))
        maximumEvents = root.section("outbox").integer("maximumEvents", default: 10_000, in: 10...1_000_000)
        stateEveryMilliseconds =
            root.section("reporting")
            .duration("stateEvery", default: .seconds(5), in: .milliseconds(100) ... .seconds(3600)).wholeMilliseconds
        let preparation = PreparationConfiguration(reading: root, window: window)
        devices = Self.devices(root).map { device in
            var device = device
            device.preparation = preparation
            return device
        }
        try file.finish()
        // Without a name a problem was noted, and `finish` has thrown.
        guard let agent else { throw ConfigurationProblems(problems: ["\"agent\" is no name"]) }
        self.agent = agent
    }

    private static func words(_ root: ConfigurationSection) -> (site: String?, tags: [String]) {
        let site = root.optionalString("site")
        let tags = root.strings("tags", default: [])
        let words = tags + (site.map { [$0] } ?? [])
        if words.count > AgentState.maximumWords || !words.allSatisfy({ (1...256).contains($0.utf8.count) }) {
            root.problem(
                "tags",
                "has \(words.count) words with the site; there are at most \(AgentState.maximumWords), of 1 to 256 bytes"
            )
        }
        return (site, tags)
    }

    private static func devices(_ root: ConfigurationSection) -> [DeviceConfiguration] {
        let sections = root.sections("devices")
        guard (1...256).contains(sections.count) else {
            root.problem("devices", "has \(sections.count) items; it must list 1 to 256 devices")
            return []
        }
        var seen: Set<DeviceID> = []
        return sections.compactMap { section in
            guard let device = DeviceConfiguration(reading: section) else { return nil }
            if !seen.insert(device.id).inserted {
                section.problem("id", "is \"\(device.id)\", which is taken; each device has a name of its own")
            }
            if case .mqtt(let messages) = device.source { messages.check(section, in: root) }
            return device
        }
    }

    /// Reads a name; `nil` if it is none, which is noted.
    static func identifier<Name: Identifier>(_ section: ConfigurationSection, _ key: String) -> Name? {
        let text = section.string(key)
        guard section.has(key) else { return nil }
        do {
            return try Name(text)
        } catch {
            section.problem(key, "is no name: \(error)")
            return nil
        }
    }
}
