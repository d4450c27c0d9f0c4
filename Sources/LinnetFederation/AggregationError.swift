// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Why updates did not become a model; the base stays the current one.
public enum AggregationError: Error, Sendable, Equatable, CustomStringConvertible {
    // What was contributed.
    /// There is nothing to aggregate.
    case noContributions
    /// Fewer agents contributed than the round needs.
    case tooFewContributors(found: Int, minimum: Int)
    /// Fewer agents contributed than the rule needs to promise anything.
    case tooFewForRule(rule: String, found: Int, minimum: Int)
    /// More agents contributed than the rule can compare in pairs.
    case tooManyForRule(rule: String, found: Int, maximum: Int)
    /// One agent contributed more than once, and would count more than once.
    case duplicateAgent(AgentID)
    /// A contribution does not have the base's number of parameters, or the contract's number of channels.
    case wrongShape(agent: AgentID, found: Int, expected: Int)
    /// A contribution holds a number that is NaN or infinite.
    case notFinite(agent: AgentID)
    /// The base itself holds a number that is NaN or infinite.
    case baseNotFinite
    /// No contribution has any weight: all say that they trained on no window.
    case noWeight
    /// A contribution was trained from a version that is too old, or from one that does not exist yet.
    case tooStale(agent: AgentID, staleness: Int, maximum: Int)
    /// A contribution can not be read from where it is stored.
    case unreadable(agent: AgentID, reason: String)
    /// The statistics of a channel are none that data can have.
    case implausible(agent: AgentID, channel: Int)
    /// No contributor has seen a single value of a channel.
    case noValues(channel: Int)

    // What the rule made of it.
    /// The server's step leads to a number that no Float holds.
    case resultNotFinite(rule: String)
    /// The rule's memory is of a model with another number of parameters.
    case wrongStateShape(found: Int, expected: Int)
    /// The rule's memory was written by another rule.
    case foreignState(found: String, expected: String)

    public var description: String {
        switch self {
        case .noContributions: "there is no contribution to aggregate"
        case .tooFewContributors(let found, let minimum):
            "\(found) agents contributed; at least \(minimum) are needed"
        case .tooFewForRule(let rule, let found, let minimum):
            "\(rule) needs at least \(minimum) agents, \(found) contributed; ask more agents or expect fewer malicious ones"
        case .tooManyForRule(let rule, let found, let maximum):
            "\(rule) compares at most \(maximum) agents with one another, \(found) contributed; ask fewer"
        case .duplicateAgent(let agent): "agent \(agent) contributed more than once; it counts once or not at all"
        case .wrongShape(let agent, let found, let expected):
            "agent \(agent) contributed \(found) numbers; the base has \(expected)"
        case .notFinite(let agent): "agent \(agent) contributed a number that is NaN or infinite"
        case .baseNotFinite: "the base holds a number that is NaN or infinite"
        case .noWeight: "all contributors together trained on no window, so there is nothing to weigh them by"
        case .tooStale(let agent, let staleness, let maximum):
            "agent \(agent) trained from a version \(staleness) versions old; allowed is 0 to \(maximum)"
        case .unreadable(let agent, let reason): "the update of agent \(agent) can not be read: \(reason)"
        case .implausible(let agent, let channel):
            "agent \(agent) contributed statistics of channel \(channel) that no data can have"
        case .noValues(let channel): "no contributor has seen a single value of channel \(channel)"
        case .resultNotFinite(let rule): "the step of \(rule) leads to a number that is NaN or infinite"
        case .wrongStateShape(let found, let expected):
            "the stored server state is of \(found) parameters, the base has \(expected); start from an empty state"
        case .foreignState(let found, let expected):
            "the stored server state is of \(found), the rule is \(expected); start from an empty state"
        }
    }
}
