// SPDX-License-Identifier: Apache-2.0

import LinnetDomain

/// Why updates did not become a model; the base stays the current one.
public enum AggregationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is nothing to aggregate.
    case noContributions
    /// Fewer agents contributed than the rule needs.
    case tooFewContributors(found: Int, minimum: Int)
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
    /// The statistics of a channel are none that data can have.
    case implausible(agent: AgentID, channel: Int)
    /// No contributor has seen a single value of a channel.
    case noValues(channel: Int)

    public var description: String {
        switch self {
        case .noContributions: "there is no contribution to aggregate"
        case .tooFewContributors(let found, let minimum):
            "\(found) agents contributed; at least \(minimum) are needed"
        case .duplicateAgent(let agent): "agent \(agent) contributed more than once; it counts once or not at all"
        case .wrongShape(let agent, let found, let expected):
            "agent \(agent) contributed \(found) numbers; the base has \(expected)"
        case .notFinite(let agent): "agent \(agent) contributed a number that is NaN or infinite"
        case .baseNotFinite: "the base holds a number that is NaN or infinite"
        case .noWeight: "all contributors together trained on no window, so there is nothing to weigh them by"
        case .implausible(let agent, let channel):
            "agent \(agent) contributed statistics of channel \(channel) that no data can have"
        case .noValues(let channel): "no contributor has seen a single value of channel \(channel)"
        }
    }
}
