// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LinnetDomain

/// Everything that can be said between an agent and the coordinator, by its place in the topic tree.
///
/// The agent's name stands at a fixed level, so one broker rule (`pattern write PREFIX/up/%u/#`) fences every agent in.
public enum Topic: Hashable, Sendable {
    case presence(AgentID)
    case state(AgentID)
    case anomaly(AgentID, DeviceID)
    case rollout(AgentID, release: Int)
    case get(AgentID)
    /// Part 0 is the signed header, parts from 1 on are chunks of the body.
    case update(AgentID, round: Int, part: Int)
    case acknowledgement(AgentID)
    case desired(AgentID)
    case round(CohortID)
    case release(CohortID)
    /// Chunk `index`, from 0 on, of the model file with this digest.
    case model(Digest, index: Int)

    /// Whose word this is: the agent in an `up/` topic.
    public var sender: AgentID? {
        switch self {
        case .presence(let agent), .state(let agent), .anomaly(let agent, _), .rollout(let agent, _), .get(let agent),
            .update(let agent, _, _):
            agent
        case .acknowledgement, .desired, .round, .release, .model: nil
        }
    }

    /// Whether the broker keeps the last message for those who subscribe later: what is, rather than what happened.
    public var isRetained: Bool {
        switch self {
        case .presence, .state, .desired, .round, .release: true
        case .anomaly, .rollout, .get, .update, .acknowledgement, .model: false
        }
    }

    /// Seconds after which the broker throws a message away that nobody has fetched; `nil` keeps it.
    ///
    /// What is asked for anew when it is missed would only fill an absent agent's queue.
    public var expirySeconds: UInt32? {
        switch self {
        case .get: 60
        case .model: 300
        case .update, .acknowledgement: 3600
        case .presence, .state, .anomaly, .rollout, .desired, .round, .release: nil
        }
    }
}

/// Writes topics under a prefix and reads them back.
public struct TopicScheme: Hashable, Sendable {
    /// The levels in front of every topic, without a slash at either end.
    public let prefix: String

    public static let standardPrefix = "linnet/v1"

    public init(prefix: String = standardPrefix) { self.prefix = prefix }

    public func text(_ topic: Topic) -> String {
        let path =
            switch topic {
            case .presence(let agent): "up/\(agent)/presence"
            case .state(let agent): "up/\(agent)/state"
            case .anomaly(let agent, let device): "up/\(agent)/anomaly/\(device)"
            case .rollout(let agent, let release): "up/\(agent)/rollout/\(release)"
            case .get(let agent): "up/\(agent)/get"
            case .update(let agent, let round, let part): "up/\(agent)/update/\(round)/\(part)"
            case .acknowledgement(let agent): "down/\(agent)/ack"
            case .desired(let agent): "down/\(agent)/desired"
            case .round(let cohort): "bcast/round/\(cohort)"
            case .release(let cohort): "bcast/release/\(cohort)"
            case .model(let digest, let index): "bcast/model/\(digest)/\(index)"
            }
        return "\(prefix)/\(path)"
    }

    /// A message on `topic`, retained and expiring as that topic's are.
    public func message(_ topic: Topic, payload: Data) -> Message {
        Message(
            topic: text(topic), payload: payload, isRetained: topic.isRetained, expirySeconds: topic.expirySeconds)
    }

    /// - Returns: `nil` for a topic that is not Linnet's, or names something that can not be a name.
    public func parse(_ text: String) -> Topic? {
        guard text.utf8.count <= 512, text.hasPrefix(prefix + "/") else { return nil }
        let levels = text.dropFirst(prefix.count + 1).split(separator: "/", omittingEmptySubsequences: false)
            .map(String.init)
        guard levels.count >= 3 else { return nil }
        switch levels[0] {
        case "up": return AgentID(rawValue: levels[1]).flatMap { Self.parseUp($0, Array(levels[2...])) }
        case "down":
            guard levels.count == 3, let agent = AgentID(rawValue: levels[1]) else { return nil }
            return levels[2] == "ack" ? .acknowledgement(agent) : levels[2] == "desired" ? .desired(agent) : nil
        case "bcast": return Self.parseBroadcast(Array(levels[1...]))
        default: return nil
        }
    }

    private static func parseUp(_ agent: AgentID, _ rest: [String]) -> Topic? {
        switch (rest[0], rest.count) {
        case ("presence", 1): .presence(agent)
        case ("state", 1): .state(agent)
        case ("get", 1): .get(agent)
        case ("anomaly", 2): DeviceID(rawValue: rest[1]).map { .anomaly(agent, $0) }
        case ("rollout", 2): number(rest[1]).map { .rollout(agent, release: $0) }
        case ("update", 3):
            if let round = number(rest[1]), let part = number(rest[2]) {
                .update(agent, round: round, part: part)
            } else {
                nil
            }
        default: nil
        }
    }

    private static func parseBroadcast(_ rest: [String]) -> Topic? {
        switch (rest[0], rest.count) {
        case ("round", 2): CohortID(rawValue: rest[1]).map(Topic.round)
        case ("release", 2): CohortID(rawValue: rest[1]).map(Topic.release)
        case ("model", 3):
            if let digest = Digest(hex: rest[1]), let index = number(rest[2]) {
                .model(digest, index: index)
            } else {
                nil
            }
        default: nil
        }
    }

    /// A whole number from 0 on, written the one way it is written here: digits only, no leading zero.
    private static func number(_ text: String) -> Int? {
        guard text.utf8.count <= 15, text.utf8.allSatisfy({ (48...57).contains($0) }), let value = Int(text),
            String(value) == text
        else { return nil }
        return value
    }

    // MARK: - Filters

    /// All that agents say; what the coordinator subscribes to.
    public var fromAgents: [TopicFilter] {
        ["presence", "state", "anomaly/+", "rollout/+", "get", "update/+/+"].map {
            TopicFilter("\(prefix)/up/+/\($0)")
        }
    }

    /// All that is said to one agent by name.
    public func toAgent(_ agent: AgentID) -> TopicFilter { TopicFilter("\(prefix)/down/\(agent)/#") }

    /// Round offers of one cohort.
    public func rounds(of cohort: CohortID) -> TopicFilter { TopicFilter(text(.round(cohort))) }

    /// Releases of one cohort.
    public func releases(of cohort: CohortID) -> TopicFilter { TopicFilter(text(.release(cohort))) }

    /// Chunks of any model.
    public var modelChunks: TopicFilter { TopicFilter("\(prefix)/bcast/model/+/+") }
}
